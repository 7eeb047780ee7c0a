/**
 * Registers the service worker, which keeps the site's files and isolates the page where its host sends no headers for that: the page
 * is loaded once more then, before anything was done on it.
 * @returns why neither can be had; empty where they are.
 */
export async function prepareOffline(): Promise<string> {
  if (!('serviceWorker' in navigator))
    return 'This window keeps nothing for pages (a private window, or an address without https): the page needs the internet, and computes with one thread.';
  try {
    await navigator.serviceWorker.register('service-worker.js', { scope: './' });
    await navigator.serviceWorker.ready;
    await controlled();
  } catch {
    return 'The page could not be kept for use without the internet, and computes with one thread.';
  }
  if (!crossOriginIsolated && sessionStorage.getItem(triedKey) === null) {
    sessionStorage.setItem(triedKey, 'yes');
    location.reload();
    // Nothing goes on in the page that is left.
    await new Promise(() => {});
  }
  return '';
}

/** That a page was loaded anew for its isolation: once is enough to know whether it can be had. */
const triedKey = 'titlesmith-isolated';

/** Waits until the service worker answers this page's requests. */
async function controlled(): Promise<void> {
  const { serviceWorker } = navigator;
  while (serviceWorker.controller === null) {
    await new Promise((resolve) =>
      serviceWorker.addEventListener('controllerchange', resolve, { once: true }),
    );
  }
}
