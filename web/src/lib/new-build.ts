const reloadedAt = 'tidemill.reloadedAt';
const calmMs = 10_000;

/**
 * A page opened before an upgrade asks for screens of the old build, which are gone: it starts anew. Once, then the
 * error is shown, as a broken build would reload for ever.
 */
export function reloadOnNewBuild(): void {
  addEventListener('vite:preloadError', (event) => {
    const last = Number(sessionStorage.getItem(reloadedAt) ?? 0);
    if (Date.now() - last < calmMs) return;
    sessionStorage.setItem(reloadedAt, String(Date.now()));
    event.preventDefault();
    location.reload();
  });
}
