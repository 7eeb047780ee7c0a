import type { OverfitFigures } from './contract.js';

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12345 → "12,345". */
export function count(value: number): string {
  return integers.format(value);
}

/** 0.1234 → "12.3%"; what is nearly nothing or nearly all says so: "<0.1%", ">99.9%". */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return '<0.1%';
  if (share < 1 && share > 0.999) return '>99.9%';
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)}%`;
}

/** A rating or a loss with 2 decimals; ratings just below 1 are not rounded up to it. */
export function decimal(value: number): string {
  return value < 1 && value > 0.995 ? '0.99' : value.toFixed(2);
}

/** Nats per token as perplexity: among how many equally likely tokens the model is undecided. */
export function perplexity(loss: number): string {
  const value = Math.exp(loss);
  return value < 100 ? value.toFixed(1) : count(value);
}

/** "1 title", "2 titles". */
export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

interface Judgement {
  readonly headline: string;
  readonly meaning: string;
  readonly advice: string;
}

/** From this share of near copies among held-out titles on, a near copy is no sign of reciting. */
const alikeShare = 0.2;

/** The verdict as a person would say it. */
export function judgement({ verdict, outputs, heldOut, threshold }: OverfitFigures): Judgement {
  const shares =
    `${percent(outputs.nearCopies.share)} of the outputs are near copies of a training title ` +
    `(rated ${decimal(threshold)} or higher). Of the ${count(heldOut.count)} titles held out of training, ` +
    `${percent(heldOut.nearCopies.share)} are.`;
  switch (verdict) {
    case 'overfits':
      return {
        headline: 'The model recites its training titles',
        meaning: `${shares} That is far more than titles resemble each other anyway.`,
        advice: 'Train for fewer steps or on more titles, or sample at a higher temperature.',
      };
    case 'leans':
      return {
        headline: 'The model has begun to recite',
        meaning: `${shares} The difference is small, but more than chance explains.`,
        advice: 'Do not train longer on these titles; an earlier checkpoint may serve better.',
      };
    case 'healthy':
      if (heldOut.nearCopies.share > alikeShare) {
        return {
          headline: 'The outputs are as alike as the titles they learn from',
          meaning: `${shares} These titles follow a few patterns so closely that the threshold tells little.`,
          advice:
            'Nothing suggests reciting. A higher threshold refuses fewer outputs that only share a pattern.',
        };
      }
      return {
        headline: 'The model writes titles of its own',
        meaning: `${shares} That is no more than titles resemble each other anyway.`,
        advice: 'Nothing needs to change. Near copies that did occur are refused below.',
      };
    case 'unknown':
      return {
        headline: 'Too few titles to tell',
        meaning:
          `There are ${plural(outputs.count, 'output')} and ${plural(heldOut.count, 'held-out title')}; ` +
          'a fair comparison needs at least 30 of each.',
        advice: 'Generate more titles, or learn from more, and look again.',
      };
  }
}
