import { TitlesmithError } from '../common/errors.js';
import {
  type CopyRules,
  copyReasons,
  type Judgement,
  type MembershipTest,
  type MembershipTests,
  type RatedText,
  rejectionReasons,
  type Verdict,
  type Wordings,
} from '../common/judgement.js';

/** The format of judgement.json that this version writes, and the only one it reads. */
const formatVersion = 1;

/** A judgement as JSON, in chunks: one text per line, so that a person can read and search it. */
export function* formatJudgement({
  rules,
  verdicts,
  heldOut,
  membership,
  wordings,
}: Judgement): Generator<string> {
  yield `{\n"formatVersion": ${formatVersion},\n"rules": ${JSON.stringify(rules)},\n`;
  if (membership) yield `"membership": ${JSON.stringify(membership)},\n`;
  if (wordings) yield `"wordings": ${JSON.stringify(wordings)},\n`;
  yield '"verdicts": [';
  yield* lines(verdicts);
  yield '\n],\n"heldOut": [';
  yield* lines(heldOut);
  yield '\n]\n}\n';
}

function* lines(values: readonly unknown[]): Generator<string> {
  for (const [i, value] of values.entries()) yield `${i === 0 ? '' : ','}\n${JSON.stringify(value)}`;
}

/**
 * The judgement that {@link formatJudgement} wrote.
 * @param path named in messages.
 * @throws TitlesmithError `judgement-damaged`; `judgement-newer` for a format of a newer titlesmith.
 */
export function parseJudgement(text: string, path: string): Judgement {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(path, 'it is not JSON');
  }
  if (!isRecord(value) || !Number.isSafeInteger(value['formatVersion']))
    throw damaged(path, 'it names no formatVersion');
  const { formatVersion: format, ...judgement } = value;
  if (format !== formatVersion) {
    throw new TitlesmithError(
      `${path} has format ${String(format)}; this titlesmith reads ${formatVersion}.`,
      {
        code: 'judgement-newer',
        hint: 'Update titlesmith, or run its dedupe command on the run folder.',
      },
    );
  }
  if (!isJudgement(judgement)) throw damaged(path, 'its contents do not have the expected form');
  return judgement;
}

function damaged(path: string, reason: string): TitlesmithError {
  return new TitlesmithError(`${path} is damaged: ${reason}.`, {
    code: 'judgement-damaged',
    hint: 'Run "titlesmith dedupe" on the run folder, which writes it anew.',
  });
}

function isJudgement(value: Readonly<Record<string, unknown>>): value is Judgement & typeof value {
  const { rules, verdicts, heldOut, membership, wordings } = value;
  return (
    (membership === undefined || isMembership(membership)) &&
    (wordings === undefined || areWordings(wordings)) &&
    isCopyRules(rules) &&
    Array.isArray(verdicts) &&
    verdicts.every(isVerdict) &&
    Array.isArray(heldOut) &&
    heldOut.every(isRatedText)
  );
}

function isCopyRules(value: unknown): value is CopyRules {
  if (!isRecord(value)) return false;
  const { threshold, thresholdChoice, thresholdReason, minimumRun, runReason, baseCopies, baseReason } =
    value;
  const { minimumCosine, minimumLikeness, sentenceModel, meaningReason } = value;
  return (
    isShare(threshold) &&
    (thresholdChoice === 'given' || thresholdChoice === 'auto') &&
    typeof thresholdReason === 'string' &&
    (minimumRun === undefined || Number.isSafeInteger(minimumRun)) &&
    typeof runReason === 'string' &&
    (baseCopies === undefined || baseCopies === 'refused' || baseCopies === 'kept') &&
    [baseReason, sentenceModel, meaningReason].every(isOptionalText) &&
    (minimumCosine === undefined || isShare(minimumCosine)) &&
    (minimumLikeness === undefined || Number.isFinite(minimumLikeness))
  );
}

function isMembership(value: unknown): value is MembershipTests {
  if (!isRecord(value)) return false;
  const tests = [value['closeness'], value['unauthentic'], value['runs']];
  return (
    tests.every(isMembershipTest) &&
    [value['outputs'], value['heldOut'], value['training']].every(Number.isSafeInteger)
  );
}

function isMembershipTest(value: unknown): value is MembershipTest {
  if (!isRecord(value) || !isShare(value['p'])) return false;
  return ['heldOut', 'all', 'deviation'].every((name) => Number.isFinite(value[name]));
}

function areWordings(value: unknown): value is Wordings {
  if (!isRecord(value)) return false;
  const { outputs, heldOut, novelty, rareBits, rarer, rarest } = value;
  const isEstimate = (estimate: unknown): boolean =>
    isRecord(estimate) && [estimate['value'], estimate['low'], estimate['high']].every(Number.isFinite);
  return (
    [outputs, heldOut].every(Number.isSafeInteger) &&
    Number.isFinite(rareBits) &&
    isRecord(rarer) &&
    [rarer['outputs'], rarer['heldOut']].every(Number.isSafeInteger) &&
    Array.isArray(novelty) &&
    novelty.every(
      (row) =>
        isRecord(row) &&
        Number.isSafeInteger(row['words']) &&
        isEstimate(row['outputs']) &&
        isEstimate(row['heldOut']),
    ) &&
    Array.isArray(rarest) &&
    rarest.every(
      (row) =>
        isRecord(row) &&
        typeof row['wording'] === 'string' &&
        [row['bits'], row['titles'], row['outputs']].every(Number.isFinite),
    )
  );
}

function isRatedText(value: unknown): value is RatedText {
  if (!isRecord(value)) return false;
  const { text, closestRating, matched, copied, copy, closestCosine, inBase } = value;
  return (
    typeof text === 'string' &&
    isShare(closestRating) &&
    isOptionalText(matched) &&
    typeof copied === 'boolean' &&
    (copy === undefined || copyReasons.some((known) => known === copy)) &&
    (closestCosine === undefined || typeof closestCosine === 'number') &&
    (inBase === undefined || typeof inBase === 'boolean')
  );
}

function isVerdict(value: unknown): value is Verdict {
  if (!isRecord(value) || !isRatedText(value)) return false;
  const { index, reason, rating, evidence, second, repeats, firstDraw } = value as Record<string, unknown>;
  return (
    (firstDraw === undefined || isRatedText(firstDraw)) &&
    Number.isSafeInteger(index) &&
    isShare(rating) &&
    (reason === undefined || rejectionReasons.some((known) => known === reason)) &&
    [evidence, second, repeats].every(isOptionalText)
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}
