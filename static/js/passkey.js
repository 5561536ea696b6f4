// Passkeys: asks the device to prove who is there and sends its answer with the form that asked.
// <form data-passkey="login|get|create"> with a hidden input named "credential" and a button [data-passkey-go];
// the server's questions stand in <script type="application/json" id="js_data">, for "login" they are fetched from the form's address.

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0)).buffer;
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (credentials) => (credentials ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

function forDevice(options) {
  const asked = { ...options.publicKey, challenge: toBytes(options.publicKey.challenge) };
  if (asked.user) asked.user = { ...asked.user, id: toBytes(asked.user.id) };
  if (asked.excludeCredentials) asked.excludeCredentials = known(asked.excludeCredentials);
  if (asked.allowCredentials) asked.allowCredentials = known(asked.allowCredentials);
  return asked;
}

function forServer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

async function questions(form) {
  if (form.dataset.passkey !== "login") return JSON.parse(document.getElementById("js_data").textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

async function ask(form) {
  const data = await questions(form);
  if (form.dataset.passkey !== "create") return navigator.credentials.get({ publicKey: forDevice(data.request_options) });
  const publicKey = forDevice(data.creation_options);
  const alone = form.elements.passwordless?.checked ?? true;
  publicKey.authenticatorSelection = {
    ...publicKey.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    ...(alone ? { userVerification: "required" } : {}),
  };
  return navigator.credentials.create({ publicKey });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-passkey-go]");
  if (!window.PublicKeyCredential) { form.hidden = form.dataset.passkey !== "create"; continue; }
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[data-passkey-problem]");
    if (problem) problem.hidden = true;
    button.setAttribute("aria-busy", "true");
    try {
      form.elements.credential.value = JSON.stringify(forServer(await ask(form)));
      form.submit();
    } catch {
      // Cancelled, timed out, or no such key here: the other ways in stay on the page.
      if (problem) { problem.hidden = false; problem.focus(); }
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
}
