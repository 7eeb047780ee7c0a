/** The one door to shared libraries in C: ONNX Runtime's, libzstd. */
export { default as foreign, type LibraryHandle } from 'koffi';
