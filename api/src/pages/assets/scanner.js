// The one field: whatever a scanner types lands in it, wherever the focus was.

const GS = "\u001d";
// A hand does not type eight characters in this time; a scanner that ends a code with a tab does.
const BURST_MS = 400;
const BURST_CHARACTERS = 8;

export function listen(form, field, scanned) {
  let began = 0;
  let typed = 0;

  const take = (text) => {
    for (const line of text.split(/[\r\n]+/)) {
      if (line.trim() !== "") scanned(line);
    }
    field.value = "";
    typed = 0;
  };

  const insert = (text) => field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(field.value);
    field.focus();
  });

  // A text field would glue pasted lines together.
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!/[\r\n]/.test(text)) return;
    event.preventDefault();
    take(text);
  });

  field.addEventListener("keydown", (event) => {
    if (event.key.length === 1) {
      const now = event.timeStamp;
      if (typed === 0 || now - began > BURST_MS * 4) [began, typed] = [now, 0];
      typed += 1;
    }
    // The group separator, as keyboards send it: Ctrl and the closing bracket, or the character itself.
    if (event.key === GS || (event.ctrlKey && !event.altKey && (event.key === "]" || event.code === "BracketRight"))) {
      event.preventDefault();
      insert(GS);
    } else if (event.key === "Tab" && typed >= BURST_CHARACTERS && event.timeStamp - began < BURST_MS) {
      event.preventDefault();
      take(field.value);
    }
  });

  // Keys that no control asked for are a scan's.
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    const isTaken = at?.closest("input, textarea, select, dialog[open], [contenteditable]");
    if (isTaken || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const isSeparator = event.ctrlKey && event.key === "]";
    const isPress = (event.key === " " || event.key === "Enter") && at?.closest("button, a, summary");
    if (isPress || (event.ctrlKey && !isSeparator)) return;
    if (event.key.length === 1) field.focus();
  });
}
