/** What keys and buttons of the review's page do. */
type ReviewAction =
  | 'keep'
  | 'refuse'
  | 'seen'
  | 'undo'
  | 'next'
  | 'previous'
  | 'keepAll'
  | 'refuseAll'
  | 'seeAll'
  | 'search'
  | 'help';

interface ReviewKey {
  readonly action: ReviewAction;
  /** As KeyboardEvent.key has them; the help shows the first. */
  readonly keys: readonly [string, ...string[]];
  readonly meaning: string;
}

/** The keys of the page, in the order in which its help lists them. */
export const reviewKeys: readonly ReviewKey[] = [
  { action: 'keep', keys: ['k'], meaning: 'keep the marked output, and go on' },
  { action: 'refuse', keys: ['r'], meaning: 'refuse it, and go on' },
  { action: 'seen', keys: ['s'], meaning: 'seen: leave it as dedupe has it, and go on' },
  {
    action: 'undo',
    keys: ['u'],
    meaning: 'take back the last decision, or the last on all at once',
  },
  { action: 'next', keys: ['j', 'ArrowDown'], meaning: 'next output; the down arrow too' },
  { action: 'previous', keys: ['i', 'ArrowUp'], meaning: 'output before; the up arrow too' },
  { action: 'keepAll', keys: ['K'], meaning: 'keep all that the filters show' },
  { action: 'refuseAll', keys: ['R'], meaning: 'refuse all that the filters show' },
  { action: 'seeAll', keys: ['S'], meaning: 'call all seen that the filters show' },
  { action: 'search', keys: ['/'], meaning: 'search; Escape goes back to the list' },
  { action: 'help', keys: ['?'], meaning: 'show or hide these keys' },
];

/** What the page does at each key. */
export type ReviewActions = Readonly<Record<ReviewAction, () => void>>;
