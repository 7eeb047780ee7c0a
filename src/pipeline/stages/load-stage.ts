import type { StageName } from '../../options/choices.js';
import type { RunStage } from './stage.js';

/** Imports the code of one stage, and thereby only the libraries it needs. */
export async function loadStage(stage: StageName): Promise<RunStage> {
  switch (stage) {
    case 'extract':
      return (await import('./extract.js')).runExtract;
    case 'dataset':
      return (await import('./dataset.js')).runDataset;
    case 'finetune':
      return (await import('./finetune.js')).runFinetune;
    case 'generate':
      return (await import('./generate.js')).runGenerate;
    case 'dedupe':
      return (await import('./dedupe.js')).runDedupe;
    case 'report':
      return (await import('./report.js')).runReport;
  }
}
