// The image of an item: where its pixels are, and how it is zoomed and moved.
"use strict";

const REVIEW_IMAGE = (function () {
  const CLOSEST = 20, STEP = 1.25, PAN = 60;
  const at = (id) => document.getElementById(id);
  const frame = at("frame"), picture = at("picture");
  let view = { scale: 1, x: 0, y: 0 };
  /** Files of the folder that the annotator chose, by name. */
  let folder = null;
  /** What an image's address will be, by image id; the newest few. */
  const addresses = new Map();
  let shownId = null;

  /** Take the files of a folder; gives how many of the items have theirs among them. */
  function takeFolder(files, items) {
    folder = new Map();
    for (const file of files) {
      const stem = file.name.replace(/\.[^.]*$/, "");
      const bare = stem.replace(/_n\d{8}$/, ""); // copies of ImageNet add the class
      for (const name of new Set([file.name, stem, bare])) folder.set(name, [...(folder.get(name) || []), file]);
    }
    addresses.clear();
    return items.filter((item) => item.image || fileOf(item)).length;
  }

  const named = (item) => (folder && item.file && folder.get(item.file.split("/").pop())) || [];

  /** The file of an item; null where it is not there, or where several could be it. */
  function fileOf(item) {
    const found = named(item);
    const ends = (path) => ("/" + path).endsWith("/" + item.file);
    const exact = found.filter(({ webkitRelativePath: path }) => ends(path) || ends(path.replace(/\.[^./]*$/, "")));
    return found.length === 1 ? found[0] : exact.length === 1 ? exact[0] : null;
  }

  async function findAddress(item) {
    if (item.image) return REVIEW_STORE.imageAddress(item.image);
    const file = fileOf(item);
    if (file) return URL.createObjectURL(file);
    throw new Error((item.file || "This image") + (named(item).length > 1 ? " is in the chosen folder several times." : " is not in the chosen folder."));
  }

  function address(item) {
    if (!addresses.has(item.image_id)) {
      addresses.set(item.image_id, findAddress(item));
      for (const [id, found] of addresses) {
        if (addresses.size <= 8) break;
        if (id === shownId || id === item.image_id) continue;
        addresses.delete(id);
        found.then((url) => url.startsWith("blob:") && URL.revokeObjectURL(url), () => {});
      }
    }
    return addresses.get(item.image_id);
  }

  /** Show an item's image; resolves when it is on the screen, or when it is said why it is not. */
  async function show(item) {
    shownId = item.image_id;
    picture.hidden = true;
    at("no_picture").hidden = true;
    fit();
    try {
      const url = await address(item);
      if (shownId !== item.image_id) return;
      picture.src = url;
      await picture.decode();
    } catch (error) {
      if (shownId !== item.image_id) return;
      addresses.delete(item.image_id);
      const own = error instanceof DOMException ? "The image cannot be shown." : error.message;
      at("no_picture").textContent = own;
      at("no_picture").hidden = false;
      return;
    }
    picture.hidden = shownId !== item.image_id;
  }

  /** Fetch the image that comes next. */
  function prepare(item) {
    address(item).then((url) => { new Image().src = url; }, () => addresses.delete(item.image_id));
  }

  function draw() {
    const { clientWidth: width, clientHeight: height } = frame;
    const most = (length) => (view.scale - 1) * length / 2;
    view.x = Math.min(most(width), Math.max(-most(width), view.x));
    view.y = Math.min(most(height), Math.max(-most(height), view.y));
    picture.style.transform = "translate(" + view.x + "px, " + view.y + "px) scale(" + view.scale + ")";
    frame.classList.toggle("zoomed", view.scale > 1);
    at("zoom_level").textContent = Math.round(100 * view.scale) + " %";
  }

  /** Zoom by a factor, so that the point (x, y) from the frame's middle stays where it is. */
  function zoom(factor, x = 0, y = 0) {
    const scale = Math.min(CLOSEST, Math.max(1, view.scale * factor));
    const grown = scale / view.scale;
    view = { scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown };
    draw();
  }

  function fit() {
    view = { scale: 1, x: 0, y: 0 };
    draw();
  }

  function move(x, y) {
    view = { ...view, x: view.x + x, y: view.y + y };
    draw();
  }

  function fromMiddle(event) {
    const box = frame.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  /** Pointers that are down in the frame: one moves the image, two zoom it. */
  const pointers = new Map();

  function pointerMoved(event) {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = fromMiddle(event);
    if (pointers.size === 1) move(now[0] - before[0], now[1] - before[1]);
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const apart = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
      zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    pointers.set(event.pointerId, now);
  }

  frame.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) / 400), ...fromMiddle(event));
  }, { passive: false });
  frame.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, fromMiddle(event));
    if (view.scale > 1) frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener("pointermove", pointerMoved);
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    frame.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  frame.addEventListener("pointerleave", (event) => { if (view.scale === 1) pointers.delete(event.pointerId); });
  frame.addEventListener("dblclick", (event) => (view.scale > 1 ? fit() : zoom(2, ...fromMiddle(event))));
  new ResizeObserver(draw).observe(frame);
  at("zoom_in").addEventListener("click", () => zoom(STEP));
  at("zoom_out").addEventListener("click", () => zoom(1 / STEP));
  at("zoom_fit").addEventListener("click", fit);

  /** Act on a key, by its name; whether it was one of the image's. */
  function key(name, isShifted) {
    const moves = { arrowleft: [PAN, 0], arrowright: [-PAN, 0], arrowup: [0, PAN], arrowdown: [0, -PAN] };
    if (isShifted && moves[name]) move(...moves[name]);
    else if (name === "+" || name === "=") zoom(STEP);
    else if (name === "-" || name === "_") zoom(1 / STEP);
    else if (name === "0") fit();
    else return false;
    return true;
  }

  return { takeFolder, show, prepare, key };
})();
