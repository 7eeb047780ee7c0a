import { expect, it } from 'vitest';
import { explainTrial } from '../../../src/model/engine/devices.js';

const cuda = { engine: 'onnxruntime', device: 'cuda' } as const;
const refused = 'ONNX Runtime: OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';
const unloaded = (library: string, cause: string): string =>
  `[E:onnxruntime:titlesmith, provider_bridge_ort.cc:2146 Create] [ONNXRuntimeError] : 1 : FAIL : Failed to load library /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/${library} with error: ${cause}: cannot open shared object file: No such file or directory\n`;

it.each([
  [
    'the provider is not installed',
    refused,
    unloaded('libonnxruntime_providers_shared.so', '/app/bin/libonnxruntime_providers_shared.so'),
    'libonnxruntime_providers_shared.so is not installed',
    /^Run ONNXRUNTIME_NODE_INSTALL=cuda12 node /,
  ],
  [
    'CUDA is not installed',
    refused,
    unloaded('libonnxruntime_providers_cuda.so', 'libcublasLt.so.13'),
    'libonnxruntime_providers_cuda.so needs libcublasLt.so.13',
    /^Needs an NVIDIA driver/,
  ],
  [
    'there is no card',
    'ONNX Runtime: /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:154 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, int) [with ERRTYPE = cudaError; bool THRW = true] CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=vm ; file=/onnxruntime_src/cuda_execution_provider.cc ; line=352 ; expr=cudaSetDevice(info_.device_id);\n',
    '',
    'CUDA failure 100: no CUDA-capable device is detected',
    /^Needs an NVIDIA driver/,
  ],
])('what the runtime says, in one line: %s', (_, reason, errors, expected, hint) => {
  const explained = explainTrial(cuda, reason, errors);
  expect(explained.reason).toBe(expected);
  expect(explained.hint).toMatch(hint);
});
