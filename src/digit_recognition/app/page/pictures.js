// Gradio's field for files takes dropped and chosen files. This script adds pasted
// files, and photographs: the file chooser of some phones offers no camera.
function upload(files) {
  const field = document.querySelector("#pictures");
  const input = field?.querySelector("input[type=file]");
  if (!input || !field.offsetParent || !files.length) return;
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("paste", (event) => {
  upload(event.clipboardData?.files ?? []);
});

const camera = element.querySelector("input");
element.querySelector("button").addEventListener("click", () => camera.click());
camera.addEventListener("change", () => {
  upload(camera.files);
  camera.value = "";
});
