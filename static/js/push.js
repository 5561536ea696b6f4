// Notifications on this device: <form data-push="KEY" hidden> with inputs endpoint, p256dh and auth is filled in and sent.

const form = document.querySelector("form[data-push]");
const can = form && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

if (can) start();

async function start() {
  document.querySelector("[data-push-none]").hidden = true;
  const worker = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  const here = await worker.pushManager.getSubscription();
  form.hidden = Boolean(here && await isKnown(here.endpoint));
  form.querySelector("[data-push-go]").addEventListener("click", switchOn);
}

// the server lists its devices by digest; the one that is this browser is named
async function isKnown(endpoint) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const mark = document.querySelector(`[data-push-device="${hex}"] [data-push-here]`);
  if (mark) mark.hidden = false;
  return Boolean(mark);
}

async function switchOn(event) {
  const button = event.currentTarget;
  for (const note of form.querySelectorAll("[data-push-problem]")) note.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    if (await Notification.requestPermission() !== "granted") { tell("denied"); return; }
    const subscription = await subscribe((await navigator.serviceWorker.ready).pushManager);
    form.elements.endpoint.value = subscription.endpoint;
    for (const name of ["p256dh", "auth"]) form.elements[name].value = toText(subscription.getKey(name));
    form.submit();
  } catch {
    tell("failed");
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// a subscription made for another key of the server is of no use any more
async function subscribe(manager) {
  const options = { userVisibleOnly: true, applicationServerKey: toBytes(form.dataset.push) };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    const old = await manager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return manager.subscribe(options);
  }
}

function tell(problem) {
  const note = form.querySelector(`[data-push-problem="${problem}"]`);
  note.hidden = false;
  note.focus();
}
