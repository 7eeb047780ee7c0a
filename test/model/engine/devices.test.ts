import { expect, it } from 'vitest';
import { explainTrial } from '../../../src/model/engine/devices.js';

const cuda = { engine: 'onnxruntime', device: 'cuda' } as const;
const failed = (failure: string): string =>
  `ONNX Runtime: /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:154 std::conditional_t<THRW, void, onnxruntime::common::Status> onnxruntime::CudaCall(ERRTYPE, int) [with ERRTYPE = cudaError; bool THRW = true] CUDA failure ${failure} ; GPU=-1 ; hostname=vm ; file=/onnxruntime_src/cuda_execution_provider.cc ; line=352 ; expr=cudaSetDevice(info_.device_id);\n`;

it.each([
  ['100: no CUDA-capable device is detected', /^Needs an NVIDIA driver/],
  ['35: CUDA driver version is insufficient for CUDA runtime version', /^Update NVIDIA's driver \(580/],
])('what the runtime says, in one line: CUDA failure %s', (failure, hint) => {
  const explained = explainTrial(cuda, failed(failure));
  expect(explained.reason).toBe(`CUDA failure ${failure}`);
  expect(explained.hint).toMatch(hint);
});
