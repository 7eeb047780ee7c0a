/** Packages that are there only where somebody has installed them. */
declare module '@tensorflow/tfjs-node' {
  export * from '@tensorflow/tfjs-core';
}
declare module '@tensorflow/tfjs-node-gpu' {
  export * from '@tensorflow/tfjs-core';
}
