import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** A rule that axe has off by itself: pointer targets of at least 24 × 24 CSS pixels (WCAG 2.2, 2.5.8). */
const more = { rules: { 'target-size': { enabled: true } } };

/**
 * Throws, with every fault, where axe finds something wrong with the page as it is drawn now: the rules of WCAG A and AA, and its best practices.
 * What stands in closed `<details>` is not looked at: open them first.
 * @param state what the page shows, for the message.
 */
export async function expectAccessible(page: Page, state: string): Promise<void> {
  await page.evaluate(axe.source);
  const { violations, passes } = (await page.evaluate(
    `axe.run(document, ${JSON.stringify({ ...more, resultTypes: ['violations'] })})`,
  )) as AxeResults;
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}\n  ${node.html.slice(0, 160)}\n  ${node.failureSummary ?? ''}`),
  );
  if (found.length > 0) throw new Error(`axe finds ${found.length} faults in ${state}:\n${found.join('\n')}`);
  // A page that did not load would break no rule either.
  if (passes.length <= 10) throw new Error(`axe could apply ${passes.length} rules only to ${state}`);
}

/** Opens everything that is folded away. */
export async function openDetails(page: Page): Promise<void> {
  await page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);
}
