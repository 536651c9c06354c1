// A notice that is followed is read: its form is sent while the next page loads.
export function startNotices() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-reads]");
    const form = link && document.getElementById(link.dataset.reads);
    if (!form || form.elements.unread) return;
    fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual", keepalive: true });
  });
}
