/** The ONNX Runtime that titlesmith is made and measured with. Another one gives other bytes. */
export const runtimeVersion = '1.30.0';

/** A file of ONNX Runtime, as the package onnxruntime-node has it. */
export interface RuntimeFile {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** What titlesmith loads on a system and processor, named as Node names them. */
export interface RuntimeFiles {
  /** The shared library comes first; the others it loads by itself. */
  readonly files: readonly [RuntimeFile, ...RuntimeFile[]];
  /** Bytes of the package's archive up to the end of the last of them: more is not read. */
  readonly archiveBytes: number;
}

/** By `platform architecture`. On Windows WebGPU loads what compiles shaders; DirectML, which comes with it, is never asked for. */
const systems: Readonly<Record<string, RuntimeFiles>> = {
  'linux x64': {
    files: [
      {
        name: 'libonnxruntime.so.1',
        bytes: 45_828_512,
        sha256: 'ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23',
      },
    ],
    archiveBytes: 28_180_480,
  },
  'linux arm64': {
    files: [
      {
        name: 'libonnxruntime.so.1',
        bytes: 25_135_496,
        sha256: '1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76',
      },
    ],
    archiveBytes: 10_354_688,
  },
  'darwin arm64': {
    files: [
      {
        name: 'libonnxruntime.1.30.0.dylib',
        bytes: 44_589_928,
        sha256: '685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d',
      },
    ],
    archiveBytes: 99_942_400,
  },
  'win32 x64': {
    files: [
      {
        name: 'onnxruntime.dll',
        bytes: 28_754_232,
        sha256: '508c362f5673483dd3a086379c392795b2e42d10d5e6f3f90ebd7ac21c97af67',
      },
      {
        name: 'dxcompiler.dll',
        bytes: 17_986_360,
        sha256: '593d42df78c7f9cbd97c1374af107cfe20985759f98b77afc1448fe41ee3cc76',
      },
      {
        name: 'dxil.dll',
        bytes: 1_508_664,
        sha256: 'cf9a3981263f8ec30c9905d136eeaf4b4573209c602198671b958ec86905dea8',
      },
    ],
    archiveBytes: 86_900_736,
  },
  'win32 arm64': {
    files: [
      {
        name: 'onnxruntime.dll',
        bytes: 29_815_136,
        sha256: '6c3a2abf5c6aca11c48a0d338a91af309f2266f25ce2e4084e6a87bbcb0fbfd0',
      },
      {
        name: 'dxcompiler.dll',
        bytes: 22_285_624,
        sha256: '442a995492579e1048cf1f05a86ab00f476c46b7f9d0996e588884040a543bbe',
      },
      {
        name: 'dxil.dll',
        bytes: 1_769_784,
        sha256: '859b6d638c5ca3df39e9cab2a602cb0f63d0e63d750f84bb2a9ec9031319b73e',
      },
    ],
    archiveBytes: 76_283_904,
  },
};

/** A system and processor, named as Node names them. */
export interface System {
  readonly platform: string;
  readonly architecture: string;
}

/** Those that ONNX Runtime has a library for. */
export const supportedSystems: readonly System[] = Object.keys(systems).map((key) => {
  const [platform = '', architecture = ''] = key.split(' ');
  return { platform, architecture };
});

export const thisSystem: System = { platform: process.platform, architecture: process.arch };

/** What a system needs; undefined where ONNX Runtime has nothing for it. */
export function runtimeFilesOf({ platform, architecture }: System): RuntimeFiles | undefined {
  return systems[`${platform} ${architecture}`];
}

/** The folder of a system's files in the package onnxruntime-node. */
export const folderInPackage = ({ platform, architecture }: System): string =>
  `bin/napi-v6/${platform}/${architecture}`;

/** The package of titlesmith's own that has a system's files alone. */
export const platformPackageOf = ({ platform, architecture }: System): string =>
  `@titlesmith/onnxruntime-${platform}-${architecture}`;
