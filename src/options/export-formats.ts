/** The forms a model can be written in. */
export const exportFormats = ['onnx', 'huggingface'] as const;
export type ExportFormat = (typeof exportFormats)[number];
