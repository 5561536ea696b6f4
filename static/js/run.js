// A watch file is read as soon as it is chosen; one that is too large is refused before it is sent.

for (const input of document.querySelectorAll("input[type=file][data-max-bytes]")) {
  const button = input.form.querySelector("[data-read-file]");
  const error = document.getElementById(`${input.id}-large`);
  input.addEventListener("change", () => {
    const file = input.files[0];
    const large = Boolean(file) && file.size > Number(input.dataset.maxBytes);
    error.hidden = !large;
    error.querySelector("span").textContent = large ? input.dataset.tooLarge : "";
    input.toggleAttribute("aria-invalid", large);
    if (large) input.value = "";
    else if (file) input.form.requestSubmit(button);
  });
}
