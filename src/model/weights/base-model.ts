import type { TransformerConfiguration } from '../transformer/configuration.js';

/** The name of the model that ships with titlesmith (data/base/README.md). */
export const baseName = 'base';

/** Its shape, which memory is estimated by before it is opened. */
export const baseConfiguration: TransformerConfiguration = {
  vocabularySize: 16_384,
  contextLength: 128,
  width: 384,
  layers: 6,
  heads: 6,
  layerNormEpsilon: 1e-5,
  descendsFrom: baseName,
};

/** SHA-256 of its model.safetensors; `sha256sum data/base/model.safetensors` prints it. */
export const baseWeightsHash = 'ddef2eebb366edd9c98e88bb16389dfcde3af2a3439fb5d924c6a29178e6aa92';

/** SHA-256 over its files, as `hashModelFiles` computes it. `npm run tool -- base` prints it. */
export const baseHash = '472fdc5ae78a6e6252fa51a63867f546da97ee7631bdb4f27a383b77c0ab352b';
