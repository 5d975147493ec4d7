// confusion.html: what one run takes each class for: all classes by difficulty, the matrix of all,
// and the part of it around one class.
"use strict";

(function () {
  const { make, foreign, fillSelect, readView, viewHash, writeView, onView, drawing } = HARNESS;
  const { has, places, accuracy, wilson, percent } = NUMBERS;
  const AROUND = 15;
  const SIDE = 640;
  const TINTS = 5;
  const CONTROLS = { b: "board", x: "run", l: "labels", c: "class" };
  const at = (id) => document.getElementById(id);
  let boards = null;

  /** What the address asks for, completed and corrected by what there is. */
  function settle(view) {
    const board = boards.boards.find((each) => each.slug === view.b) || boards.boards[0];
    const row = board.rows.find((each) => each.entry === view.x) || board.rows[0];
    const benchmark = boards.benchmarks[board.benchmark];
    const labels = benchmark.label_sets.includes(view.l) ? view.l : benchmark.headline;
    return { board, row, benchmark, labels, c: view.c || "" };
  }

  function addressOf({ board, row, benchmark, labels, c }) {
    return { b: board.slug, x: row.entry, l: labels === benchmark.headline ? "" : labels, c };
  }

  function fillControls({ board, row, benchmark, labels, c }, images) {
    fillSelect(at("board"), RUNS.boardOptions(boards.boards), board.slug);
    fillSelect(at("run"), RUNS.rowOptions(board), row.entry);
    fillSelect(at("labels"), RUNS.labelOptions(benchmark), labels);
    fillSelect(at("class"), [{ value: "", text: "all" }, ...RUNS.classOptions(images)], c);
  }

  /**
   * Count the images of each class by what they were taken for; right is the class itself.
   * @returns {Map<number, {n: number, right: number, taken: Map<number|string, number>}>} by the
   *   class that an image is filed under; a status where no class was named
   */
  function countAll(run, protocol, judgement, images) {
    const counts = new Map();
    for (const place of places(judgement.scored)) {
      const home = images.home[place];
      if (!counts.has(home)) counts.set(home, { n: 0, right: 0, taken: new Map() });
      const found = counts.get(home);
      const isRight = has(judgement.right, place);
      const answer = isRight ? home : RUNS.countsAs(run, place, protocol);
      found.n += 1;
      found.right += isRight ? 1 : 0;
      // An image is filed under its original label, which these labels may not have.
      const key = !isRight && answer === home ? "the class itself, which is no label here" : answer;
      found.taken.set(key, (found.taken.get(key) || 0) + 1);
    }
    return counts;
  }

  /** Classes, hardest first; of equal accuracy those with more images. */
  function byDifficulty(counts) {
    const share = ({ n, right }) => right / n;
    return [...counts.keys()].sort((x, y) => share(counts.get(x)) - share(counts.get(y))
      || counts.get(y).n - counts.get(x).n || x - y);
  }

  function region(caption, table) {
    return make("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": caption }, table);
  }

  function head(text, kind) {
    return make("th", { scope: "col", class: kind || null }, text);
  }

  function cell(value, key) {
    return make("td", { class: "number", "data-cell": key || null }, String(value));
  }

  function classTable(chosen, images, counts, order) {
    const rows = order.map((id) => {
      const found = counts.get(id);
      const [low, high] = wilson(found.right, found.n);
      const wrong = RUNS.mostFrequent(found.taken).filter(([answer]) => answer !== id).slice(0, 3)
        .map(([answer, times]) => RUNS.answerText(images, answer) + " (" + times + ")");
      return make("tr", { "data-class": id },
        make("th", { scope: "row" }, make("a", { href: viewHash({ ...addressOf(chosen), c: String(id) }) }, foreign(RUNS.className(images, id)))),
        cell(found.right + " of " + found.n, "right"), cell(accuracy(percent(found.right, found.n)), "accuracy"),
        cell("[" + accuracy(low) + ", " + accuracy(high) + "]", "interval"), make("td", { "data-cell": "wrong" }, wrong.join(", ") || "–"));
    });
    const caption = "All " + order.length + " classes, hardest first";
    return region(caption, make("table", { id: "all" }, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, head("Class"), head("Right", "number"), head("Accuracy (%)", "number"),
        head("95 % CI", "number"), head("Taken for"))),
      make("tbody", {}, ...rows)));
  }

  /** Which of five tints a share has; 0 for none. */
  function tintOf(times, n) {
    return times ? Math.min(TINTS, 1 + Math.floor((TINTS * times) / n)) : 0;
  }

  /** Draw the matrix of all classes; a click chooses the class of a row. */
  function drawMatrix(counts, order, columns, choose) {
    const size = Math.max(1, Math.floor(SIDE / (order.length + 1)));
    const canvas = make("canvas", {
      width: size * (order.length + 1), height: size * order.length, id: "matrix", role: "img",
      "aria-label": "Matrix of " + order.length + " classes; the table of all classes has its numbers",
    });
    const style = getComputedStyle(document.body);
    const tints = ["--raised", "--t0", "--t1", "--t2", "--t3", "--t4"].map((name) => style.getPropertyValue(name));
    const pen = canvas.getContext("2d");
    pen.fillStyle = tints[0];
    pen.fillRect(0, 0, canvas.width, canvas.height);
    order.forEach((id, row) => {
      const { n, taken } = counts.get(id);
      let without = 0;
      for (const [answer, times] of taken) {
        if (columns.has(answer)) {
          pen.fillStyle = tints[tintOf(times, n)];
          pen.fillRect(size * columns.get(answer), size * row, size, size);
        } else without += times;
      }
      if (!without) return;
      pen.fillStyle = tints[tintOf(without, n)];
      pen.fillRect(size * order.length, size * row, size, size);
    });
    canvas.addEventListener("click", (event) => {
      const row = Math.floor((event.offsetY * canvas.height) / canvas.clientHeight / size);
      if (order[row] !== undefined) choose(order[row]);
    });
    return canvas;
  }

  /** The class and those that it is most often taken for, or that are taken for it. */
  function around(id, counts) {
    const times = new Map();
    const add = (other, more) => {
      if (other !== id && counts.has(other)) times.set(other, (times.get(other) || 0) + more);
    };
    for (const [answer, more] of counts.get(id).taken) add(answer, more);
    for (const [other, { taken }] of counts) add(other, taken.get(id) || 0);
    const near = [...times].filter(([, more]) => more).sort((x, y) => y[1] - x[1] || x[0] - y[0]);
    return [id, ...near.slice(0, AROUND).map(([other]) => other)];
  }

  function zoomed(chosen, images, counts) {
    const shown = around(Number(chosen.c), counts);
    const rows = shown.map((id) => {
      const { n, taken } = counts.get(id);
      let rest = n;
      const cells = shown.map((other) => {
        const times = taken.get(other) || 0;
        rest -= times;
        return make("td", { class: "number tint-" + tintOf(times, n) }, times ? String(times) : "");
      });
      const name = make("a", { href: viewHash({ ...addressOf(chosen), c: String(id) }) }, foreign(RUNS.className(images, id)));
      return make("tr", {}, make("th", { scope: "row" }, name), ...cells, cell(rest), cell(n));
    });
    const caption = RUNS.className(images, Number(chosen.c)) + " and the classes that it is confused with";
    return region(caption, make("table", { id: "zoom" }, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, head("Images of"), ...shown.map((id) => head(RUNS.className(images, id), "number")),
        head("anything else", "number"), head("all", "number"))),
      make("tbody", {}, ...rows)));
  }

  function choose(id) {
    writeView({ ...readView(), c: String(id) }, true);
    redraw();
  }

  function show(chosen, images, counts) {
    const order = byDifficulty(counts);
    const columns = new Map(order.map((id, place) => [id, place]));
    const explorer = viewHash({ a: chosen.board.slug + ":" + chosen.row.entry, l: chosen.labels, c: chosen.c, w: "neither" });
    const whole = [
      make("h2", {}, "All classes at once"),
      make("p", {}, "A row is a class, hardest first, a column what its images were taken for; the last column is no class, or one without images. The stronger the colour, the larger the share of the row. A click on a row shows the classes around it."),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Matrix of all classes" }, drawMatrix(counts, order, columns, choose)),
    ];
    const part = counts.has(Number(chosen.c || NaN)) ? [
      make("h2", {}, "Around one class"), zoomed(chosen, images, counts),
      make("p", {}, make("a", { href: "explorer.html" + explorer }, "Its wrong answers in the explorer"), " · ",
        make("a", { href: viewHash({ ...addressOf(chosen), c: "" }) }, "All classes at once")),
    ] : whole;
    at("result").replaceChildren(...part, make("h2", {}, "Classes by difficulty"), classTable(chosen, images, counts, order));
    at("result").hidden = false;
  }

  const redraw = drawing(async (late) => {
    boards = await RUNS.openBoards();
    const chosen = settle(readView());
    const images = await RUNS.openImages(chosen.board.benchmark);
    const run = await RUNS.openRun(chosen.row);
    if (late()) return;
    if (!images.names.has(Number(chosen.c || NaN))) chosen.c = "";
    fillControls(chosen, images);
    at("controls").hidden = false;
    writeView(addressOf(chosen), false);
    const judgement = RUNS.judged(run, chosen.board.protocol, chosen.labels);
    const counts = judgement ? countAll(run, chosen.board.protocol, judgement, images) : new Map();
    show(chosen, images, counts);
    const total = [...counts.values()].reduce((sum, { n }) => sum + n, 0);
    at("status").textContent = total + " images of " + counts.size + " classes, scored by " + chosen.labels + ".";
  });

  for (const id of Object.values(CONTROLS)) at(id).addEventListener("change", () => {
    writeView(Object.fromEntries(Object.entries(CONTROLS).map(([key, name]) => [key, at(name).value])), true);
    redraw();
  });
  onView(redraw);
  redraw();
})();
