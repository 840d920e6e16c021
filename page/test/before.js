// Stands in a page before its own script, in tests: a function of settings. The clock says
// `now`; pauses of a second and more are written down and pass `scale` times as fast, but for their
// first second, which takes `reserve` milliseconds where that is given; with
// `storage` every API that could keep something throws.
((settings) => {
  const real = Date.now, skew = settings.now - real();
  Date.now = () => real() + skew;
  const later = window.setTimeout;
  window.pauses = [];
  window.setTimeout = (f, ms, ...more) => {
    if (ms < 1000) return later(f, ms, ...more);
    window.pauses.push(ms);
    return later(f, settings.reserve ? settings.reserve + (ms - 1000) / settings.scale : ms / settings.scale, ...more);
  };
  window.touched = [];
  window.broken = [];
  addEventListener("error", (e) => window.broken.push(e.message));
  addEventListener("unhandledrejection", (e) => window.broken.push(String(e.reason)));
  document.addEventListener("securitypolicyviolation", (e) => window.broken.push(`${e.violatedDirective} ${e.blockedURI}`));
  addEventListener("pageshow", (e) => (window.restored = e.persisted));
  if (!settings.storage) return;
  const refuse = (object, name) => {
    if (!object || !(name in object)) return;
    const get = () => {
      window.touched.push(name);
      throw new DOMException("no storage", "SecurityError");
    };
    Object.defineProperty(object, name, { get, set: get, configurable: true });
  };
  for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches", "cookieStore", "BroadcastChannel", "SharedWorker", "showSaveFilePicker"]) refuse(window, name);
  for (const name of ["serviceWorker", "storage", "storageBuckets", "locks", "credentials"]) refuse(Navigator.prototype, name);
  refuse(Document.prototype, "cookie");
  refuse(window, "name");
})
