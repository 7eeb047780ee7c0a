/** The stages, in the order titles pass through them. */
export const stageNames = ['extract', 'dataset', 'finetune', 'generate', 'dedupe', 'report'] as const;
export type StageName = (typeof stageNames)[number];
