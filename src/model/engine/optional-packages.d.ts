/** Optional packages: titlesmith does not install them, but a person may. */
declare module '@tensorflow/tfjs-node' {
  export * from '@tensorflow/tfjs-core';
}
declare module '@tensorflow/tfjs-node-gpu' {
  export * from '@tensorflow/tfjs-core';
}
