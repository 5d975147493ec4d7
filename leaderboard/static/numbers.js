// Decoding, counting, testing and formatting; equal to what the harness computes and prints.
"use strict";

var NUMBERS = (function () {
  /** @returns {Uint8Array} the bytes of base64 text */
  function bytes(base64) {
    const text = atob(base64);
    const array = new Uint8Array(text.length);
    for (let place = 0; place < text.length; place += 1) array[place] = text.charCodeAt(place);
    return array;
  }

  /** Numbers are little-endian, whatever the machine is. */
  function wide(base64, size, read) {
    const view = new DataView(bytes(base64).buffer);
    return Array.from({ length: view.byteLength / size }, (_, place) => read(view, place * size));
  }

  /** @returns {Int16Array} */
  function int16(base64) {
    return Int16Array.from(wide(base64, 2, (view, at) => view.getInt16(at, true)));
  }

  /** @returns {Uint32Array} */
  function uint32(base64) {
    return Uint32Array.from(wide(base64, 4, (view, at) => view.getUint32(at, true)));
  }

  // Bits are sets of images: a Uint8Array, image i in byte i >> 3, lowest bit first (NumPy's
  // packbits with bitorder "little"). Bits past the last image are 0.

  /** @returns {Uint8Array} the images for which `test(place)` is true */
  function bitsOf(n, test) {
    const bits = new Uint8Array((n + 7) >> 3);
    for (let place = 0; place < n; place += 1) if (test(place)) bits[place >> 3] |= 1 << (place & 7);
    return bits;
  }

  function has(bits, place) {
    return ((bits[place >> 3] >> (place & 7)) & 1) === 1;
  }

  /** @returns {Uint8Array} the images that are in all sets */
  function both(first, ...others) {
    const bits = first.slice();
    for (const other of others) for (let at = 0; at < bits.length; at += 1) bits[at] &= other[at];
    return bits;
  }

  /** @returns {Uint8Array} the images of `first` that are not in `other` */
  function without(first, other) {
    return first.map((byte, at) => byte & ~other[at]);
  }

  function count(bits) {
    let total = 0;
    for (let byte of bits) for (; byte; byte &= byte - 1) total += 1;
    return total;
  }

  /** @returns {number[]} the places of the images of a set, ascending */
  function places(bits) {
    const found = [];
    for (let at = 0; at < bits.length; at += 1) {
      for (let bit = 0; bits[at] >> bit; bit += 1) if ((bits[at] >> bit) & 1) found.push(8 * at + bit);
    }
    return found;
  }

  /** @returns {?number} 100 part / whole; null for a whole of 0 */
  function percent(part, whole) {
    return whole ? (100 * part) / whole : null;
  }

  /**
   * Format as harness.leaderboard.pages.typeset.fixed does: the decimal that is nearest to the exact
   * value, of two equally near ones the even one (toFixed takes the larger), a real minus sign, and
   * none before a zero.
   * @param {number} value
   * @param {number} digits
   */
  function fixed(value, digits) {
    const size = Math.abs(value);
    let text = size.toFixed(digits);
    // Halfway means size = odd / (2 · 10^digits), and since size is a sum of powers of two, that
    // size · 2^(digits + 1) is odd as well.
    const halfway = (size * 2 ** (digits + 1)) % 2 === 1;
    if (halfway && Number(text[text.length - 1]) % 2 === 1) text = (size - 0.5 * 10 ** -digits).toFixed(digits);
    return (value < 0 && Number(text) > 0 ? "\u2212" : "") + text;
  }

  /** An accuracy or share in percent; a dash when there is none. */
  function accuracy(value) {
    return value === null ? "–" : fixed(value, 2);
  }

  /** A change in points, with its sign, as harness.leaderboard.pages.typeset.signed. */
  function change(value) {
    if (value === null) return "–";
    const text = fixed(value, 2);
    return (value > 0 && Number(text) > 0 ? "+" : "") + text;
  }

  /** A p-value, as harness.leaderboard.pages.typeset.probability. */
  function probability(value) {
    return value < 0.0001 ? "< 0.0001" : fixed(value, 4);
  }

  const LOG_TAU = Math.log(2 * Math.PI);

  /** What Stirling's formula lacks of log k!; the series beyond 15, before it the sum itself. */
  function stirlingRest(k) {
    if (k > 15) {
      const square = k * k;
      return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / k;
    }
    let logFactorial = 0;
    for (let factor = 2; factor <= k; factor += 1) logFactorial += Math.log(factor);
    return logFactorial - (k + 0.5) * Math.log(k) + k - 0.5 * LOG_TAU;
  }

  /** Log of the probability of k heads among n tosses, n > 0. Loader, "Fast and accurate computation
   * of binomial probabilities", 2000: the large terms cancel before anything is rounded. */
  function logHeads(k, n) {
    if (k === 0 || k === n) return -n * Math.LN2;
    const rest = stirlingRest(n) - stirlingRest(k) - stirlingRest(n - k);
    const deviance = k * Math.log((2 * k) / n) + (n - k) * Math.log((2 * (n - k)) / n);
    return rest - deviance + 0.5 * (Math.log(n / (k * (n - k))) - LOG_TAU);
  }

  /**
   * Exact two-sided p-value that two paired proportions are equal; 1 without discord.
   * @param {number} onlyA images that only a has right
   * @param {number} onlyB images that only b has right
   */
  function mcnemar(onlyA, onlyB) {
    const n = onlyA + onlyB;
    const fewer = Math.min(onlyA, onlyB);
    if (onlyA === onlyB) return 1;
    // The terms of the tail, each as a multiple of the largest.
    let term = 1;
    let tail = 1;
    for (let k = fewer; k > 0 && term > 1e-17 * tail; k -= 1) {
      term *= k / (n - k + 1);
      tail += term;
    }
    return Math.min(1, 2 * Math.exp(logHeads(fewer, n)) * tail);
  }

  /**
   * Adjust p-values by Holm's step-down procedure, in their order; the same as
   * harness.scores.statistics.holm.
   * @param {number[]} values
   */
  function holm(values) {
    const order = values.map((_, place) => place).sort((x, y) => values[x] - values[y]);
    const found = [];
    let highest = 0;
    order.forEach((place, rank) => {
      highest = Math.max(highest, Math.min(1, (order.length - rank) * values[place]));
      found[place] = highest;
    });
    return found;
  }

  const Z = 1.959963984540054;

  /** Wilson's 95 % interval of a share, in percent; the same as harness.scores.statistics.wilson. */
  function wilson(right, n) {
    const [share, square] = [right / n, Z * Z];
    const middle = share + square / (2 * n);
    const half = Z * Math.sqrt((share * (1 - share)) / n + square / (4 * n * n));
    return [middle - half, middle + half].map((end) => (100 * Math.min(1, Math.max(0, end / (1 + square / n)))));
  }

  /**
   * The 95 % interval of the difference of two paired proportions, in points: the adjusted Wald
   * interval. Bonett and Price, Journal of Educational and Behavioral Statistics 37, 2012.
   * @param {number} onlyA images that only a has right
   * @param {number} onlyB images that only b has right
   * @param {number} n images
   * @returns {[number, number]}
   */
  function pairedInterval(onlyA, onlyB, n) {
    const [a, b] = [(onlyA + 1) / (n + 2), (onlyB + 1) / (n + 2)];
    const half = Z * Math.sqrt((a + b - (a - b) ** 2) / (n + 2));
    return [100 * Math.max(-1, a - b - half), 100 * Math.min(1, a - b + half)];
  }

  return Object.freeze({
    holm, wilson, pairedInterval, bytes, int16, uint32, bitsOf, has, both, without, count, places,
    percent, fixed, accuracy, change, probability, mcnemar,
  });
})();
