// The product of two matrices for products.js, in AssemblyScript. Compiled by python -m tools.wasm.
//
// A matrix is a pointer to float32 in row order; strides count bytes. Results are overwritten and
// never accumulated in place, so blocks may overlap at the edges.

type Wide = u64; // blocks of 8 columns: types, so that each width is compiled alone
type Narrow = u32; // and of 4

// out (4, width) = start + a (4, inner) times b (inner, width), in registers. `left` rows follow the
// first one; those beyond the last one are the last one again.
@inline
function block<WIDTH>(
  a: usize, aRow: usize, aInner: usize, b: usize, inner: i32, stride: usize,
  start: usize, startRow: usize, out: usize, left: i32,
): void {
  const row1 = <usize>min(1, left), row2 = <usize>min(2, left), row3 = <usize>min(3, left);
  let a0 = a, a1 = a + row1 * aRow, a2 = a + row2 * aRow, a3 = a + row3 * aRow;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0; // columns 0 to 3 of the four rows
  let t0 = s0, t1 = s0, t2 = s0, t3 = s0; // columns 4 to 7
  if (start) {
    const start1 = start + row1 * startRow, start2 = start + row2 * startRow;
    const start3 = start + row3 * startRow;
    s0 = v128.load(start);
    s1 = v128.load(start1);
    s2 = v128.load(start2);
    s3 = v128.load(start3);
    if (sizeof<WIDTH>() == sizeof<Wide>()) {
      t0 = v128.load(start, 16);
      t1 = v128.load(start1, 16);
      t2 = v128.load(start2, 16);
      t3 = v128.load(start3, 16);
    }
  }
  for (let k = 0; k < inner; k++) {
    const x = v128.load(b);
    const x0 = v128.load32_splat(a0), x1 = v128.load32_splat(a1);
    const x2 = v128.load32_splat(a2), x3 = v128.load32_splat(a3);
    s0 = f32x4.add(s0, f32x4.mul(x0, x));
    s1 = f32x4.add(s1, f32x4.mul(x1, x));
    s2 = f32x4.add(s2, f32x4.mul(x2, x));
    s3 = f32x4.add(s3, f32x4.mul(x3, x));
    if (sizeof<WIDTH>() == sizeof<Wide>()) {
      const y = v128.load(b, 16);
      t0 = f32x4.add(t0, f32x4.mul(x0, y));
      t1 = f32x4.add(t1, f32x4.mul(x1, y));
      t2 = f32x4.add(t2, f32x4.mul(x2, y));
      t3 = f32x4.add(t3, f32x4.mul(x3, y));
    }
    a0 += aInner;
    a1 += aInner;
    a2 += aInner;
    a3 += aInner;
    b += stride;
  }
  const out1 = out + row1 * stride, out2 = out + row2 * stride, out3 = out + row3 * stride;
  v128.store(out, s0);
  v128.store(out1, s1);
  v128.store(out2, s2);
  v128.store(out3, s3);
  if (sizeof<WIDTH>() == sizeof<Wide>()) {
    v128.store(out, t0, 16);
    v128.store(out1, t1, 16);
    v128.store(out2, t2, 16);
    v128.store(out3, t3, 16);
  }
}

// out (rows, columns) = start + a (rows, inner) times b (inner, columns). The strides of `a` make it
// a transpose, too. `start` is 0 for none; its stride is 0 where all rows share one.
export function multiply(
  a: usize, aRow: usize, aInner: usize, b: usize, start: usize, startRow: usize, out: usize,
  rows: i32, inner: i32, columns: i32,
): void {
  const stride = <usize>columns << 2;
  let column = 0;
  while (columns >= 4 && column < columns) {
    const left = columns - column;
    const wide = left > 4 && columns >= 8;
    if (left < 8) column = columns - (wide ? 8 : max(left, 4));
    const at = <usize>column << 2;
    const from = start ? start + at : 0;
    for (let row = 0; row < rows; row += 4) {
      const r = <usize>row, last = rows - 1 - row;
      const p = a + r * aRow, q = b + at, to = out + at + r * stride;
      const s = from ? from + r * startRow : 0;
      if (wide) block<Wide>(p, aRow, aInner, q, inner, stride, s, startRow, to, last);
      else block<Narrow>(p, aRow, aInner, q, inner, stride, s, startRow, to, last);
    }
    column += wide ? 8 : 4;
  }
  if (columns >= 4) return;
  for (let row = 0; row < rows; row++) {
    for (column = 0; column < columns; column++) {
      const at = <usize>column << 2;
      let sum: f32 = start ? load<f32>(start + <usize>row * startRow + at) : 0;
      let p = a + <usize>row * aRow, q = b + at;
      for (let k = 0; k < inner; k++) {
        sum += load<f32>(p) * load<f32>(q);
        p += aInner;
        q += stride;
      }
      store<f32>(out + <usize>row * stride + at, sum);
    }
  }
}
