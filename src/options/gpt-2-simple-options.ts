/**
 * Arguments of gpt-2-simple's `finetune` that are no options here, as flags, and what stands in their place. The command
 * line says it when one is given; docs/options.md lists them.
 */
export const replacedOptions: Readonly<Record<string, string>> = {
  '--model-name': 'the model to start from is named with --model',
  '--model-dir': 'downloaded models are kept in the cache of the Hugging Face hub, which HF_HOME moves',
  '--checkpoint-dir': 'run folders are kept in --runs-dir, each with its checkpoint',
  '--combine': 'every title is a sequence of its own, so that short texts are not joined into chunks',
  '--multi-gpu': 'training runs on one device, which --device names',
  '--max-checkpoints':
    'two checkpoints are kept, the best by validation loss and the latest to go on from, each written anew in its place',
  '--optimizer': 'the optimizer is AdamW, which with --weight-decay 0 is Adam',
  '--reuse': 'there are no TensorFlow sessions whose variables could be used again',
};
