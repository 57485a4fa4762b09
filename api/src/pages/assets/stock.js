// What was typed into drafts stays in this window until it ends: a session that is over, a way back or a page loaded anew loses nothing.

const form = document.querySelector("form[data-keep]");

if (form) {
  const fields = () => form.querySelectorAll("input.packs");
  const kept = JSON.parse(sessionStorage.getItem(form.dataset.keep) ?? "{}");
  const keep = () => sessionStorage.setItem(form.dataset.keep, JSON.stringify(kept));
  const changed = (field) => field.toggleAttribute("data-changed", field.value !== field.defaultValue);

  for (const field of fields()) {
    if (field.name in kept) field.value = kept[field.name];
    changed(field);
  }
  form.addEventListener("input", ({ target }) => {
    if (!target.matches("input.packs")) return;
    kept[target.name] = target.value;
    changed(target);
    keep();
  });
  // What was typed on other pages goes along.
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of Object.entries(kept)) formData.set(name, value);
  });
}

// For who looks whether the page is ready.
document.documentElement.dataset.ready = "";
