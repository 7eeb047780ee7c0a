import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launchChromium } from '../report/chromium.js';
import { SiteServer } from './site-server.js';
import { buildTinySite } from './tiny-site.js';

/** A site of a tiny model on a host of plain files, and a browser: there while the tests of a `describe` run. */
interface HostedSite {
  readonly browser: Browser;
  readonly server: SiteServer;
}

/** To be called inside a `describe`, of which it becomes a part. @param executable Chromium's. @param more arguments for it. */
export function siteInChromium(executable: string | undefined, more: readonly string[] = []): HostedSite {
  let browser: Browser | undefined;
  let server: SiteServer | undefined;
  beforeAll(async () => {
    const { folder } = await buildTinySite();
    server = new SiteServer(folder);
    await server.start();
    browser = await launchChromium(executable!, more);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  return {
    get browser(): Browser {
      return browser!;
    },
    get server(): SiteServer {
      return server!;
    },
  };
}
