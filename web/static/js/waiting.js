// A page that waits for something (data-waits) looks again by itself.
const MILLISECONDS = 2000;

export function startWaiting() {
  if (document.querySelector("[data-waits]")) setTimeout(() => location.reload(), MILLISECONDS);
}
