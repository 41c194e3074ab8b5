// Gradio's field for files takes dropped and chosen files, but no pasted ones.
document.addEventListener("paste", (event) => {
  const field = document.querySelector("#pictures");
  const input = field?.querySelector("input[type=file]");
  const pasted = event.clipboardData?.files ?? [];
  if (!input || !field.offsetParent || !pasted.length) return;
  const transfer = new DataTransfer();
  for (const file of pasted) transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
