import { copyReasons, type RejectionReason } from '../common/judgement.js';

/** Why an output is refused, in plain words. */
const meanings: Readonly<Record<RejectionReason, string>> = {
  blank: 'nothing a reader could see',
  'broken text': 'a line break, a control character or bytes that are no text',
  'exact copy': 'a training title, white space apart',
  'near copy': 'rated at or above the threshold with a training title',
  'disguised copy': 'as near to one, once case, punctuation, accents and width are set aside',
  'partial copy': 'nearly all of it is one run of words of a training title',
  'glued copy': 'nearly all of it is two runs of words, each of a training title',
  paraphrase: 'means what a training title means, in other words',
  'held-out title': 'a real title that the model was not shown, but not new either',
  canary: 'a copy of an invented title that was planted in training to see what is learned by heart',
  'base copy': 'a title that the base model was trained on, as far as letters and digits go',
  'accepted before': 'the same, or nearly, was accepted before',
  repeat: 'an earlier output said the same',
  'near repeat': 'rated at or above the threshold with an earlier output',
};

/** Kinds of one group have one colour. */
const groups: readonly { readonly name: string; readonly kinds: readonly RejectionReason[] }[] = [
  { name: 'copies', kinds: copyReasons },
  { name: 'known', kinds: ['held-out title', 'canary', 'base copy', 'accepted before'] },
  { name: 'repeats', kinds: ['repeat', 'near repeat'] },
  { name: 'no-text', kinds: ['blank', 'broken text'] },
];

/** The group of a reason; `other` for one of a newer titlesmith. */
export const groupOf = (reason: string): string =>
  groups.find(({ kinds }) => kinds.some((kind) => kind === reason))?.name ?? 'other';

/** The meaning of a reason; empty for one of a newer titlesmith. */
export const meaningOf = (reason: string): string =>
  Object.hasOwn(meanings, reason) ? meanings[reason as RejectionReason] : '';
