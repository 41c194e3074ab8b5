// The drawing area: strokes in, a PNG picture out. Gradio runs this file once for the
// element; `props.value` is what the server receives after `trigger("stroke")`.
const canvas = element.querySelector("canvas");
const pen = canvas.getContext("2d", { alpha: false });
const strokes = [];
let current = null;

// A phone held upright has room for height, not for width.
canvas.width = 640;
canvas.height = matchMedia("(max-width: 600px)").matches ? 480 : 320;

function line(stroke) {
  const last = stroke.length - 1;
  pen.beginPath();
  pen.moveTo(...stroke[0]);
  for (let i = 1; i < last; i++) {
    const [x, y] = stroke[i];
    const [nextX, nextY] = stroke[i + 1];
    pen.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  pen.lineTo(...stroke[last]);
  pen.stroke();
}

function redraw() {
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.lineWidth = canvas.width / 32;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "black";
  strokes.forEach(line);
}

function send() {
  redraw();
  element.querySelector(".hint").hidden = strokes.length > 0;
  props.value = strokes.length ? canvas.toDataURL("image/png") : "";
  trigger("stroke");
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [
    ((event.clientX - box.left) / box.width) * canvas.width,
    ((event.clientY - box.top) / box.height) * canvas.height,
  ];
}

canvas.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button !== 0) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  element.querySelector(".hint").hidden = true;
  current = [place(event)];
  strokes.push(current);
  redraw();
});

canvas.addEventListener("pointermove", (event) => {
  if (!current || !event.isPrimary) return;
  const events = event.getCoalescedEvents?.() ?? [];
  current.push(...(events.length ? events : [event]).map(place));
  redraw();
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (!current || !event.isPrimary) return;
    current = null;
    send();
  });
}

element.querySelector(".undo").addEventListener("click", () => {
  strokes.pop();
  send();
});

element.querySelector(".clear").addEventListener("click", () => {
  strokes.length = 0;
  send();
});

// An example's strokes are in units of its height; they are centred on the canvas.
for (const button of element.querySelectorAll("[data-strokes]")) {
  button.addEventListener("click", () => {
    const example = JSON.parse(button.dataset.strokes);
    const width = Math.max(...example.flat().map(([x]) => x));
    const size = Math.min(0.7 * canvas.height, (0.9 * canvas.width) / width);
    const left = (canvas.width - size * width) / 2;
    const top = (canvas.height - size) / 2;
    strokes.length = 0;
    for (const stroke of example) {
      strokes.push(stroke.map(([x, y]) => [left + size * x, top + size * y]));
    }
    send();
  });
}

redraw();
