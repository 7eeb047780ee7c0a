import { parseDevice } from '../../src/model/engine/device-choice.js';
import { openEngine } from '../../src/model/engine/open-engine.js';
import { timeGeneration } from './generation-load.js';
import { readLoad } from './gpu-options.js';
import { openTraining } from './training-load.js';

/**
 * One training step, or as many steps of generation as a text has tokens, for a profiler to watch: nothing is measured
 * here. ONNX Runtime's own writes files where the environment variable BENCH_PROFILE says.
 */
const load = readLoad();
const choice = parseDevice(load.device ?? '');
if (!choice) throw new Error('needs --device');
const engine = await openEngine(choice, { profile: process.env['BENCH_PROFILE'] });
if (process.env['BENCH_WHAT'] === 'generation') {
  const [slots = 1] = load.slots;
  const texts = { slots, topP: load.topP.slice(-1), texts: slots, copyGigabytes: 1, warmsUp: false };
  await timeGeneration(engine, { ...load, ...texts });
} else {
  const training = await openTraining(engine, load, load.precision);
  await training.differentiate(training.nextBatch());
  await training.update(1);
  await training.close();
}
