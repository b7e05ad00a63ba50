// Ten minutes of one figure as a small line. The figure itself stands beside it, so that readers of the text miss nothing.

interface Properties {
  readonly values: readonly (number | null)[]
  /** A second line in the colour of errors. */
  readonly errors?: readonly (number | null)[]
}

const width = 100
const height = 20

export const Sparkline = ({ values, errors }: Properties) => {
  const most = Math.max(1, ...values.map((value) => value ?? 0))
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path class="area" d={areaOf(values, most)} />
      <path class="line" d={lineOf(values, most)} />
      {errors?.some((value) => (value ?? 0) > 0) && (
        <path class="line bad" d={lineOf(errors, most)} />
      )}
    </svg>
  )
}

const x = (index: number, count: number): string =>
  ((index / Math.max(1, count - 1)) * width).toFixed(1)
const y = (value: number, most: number): string =>
  (height - 1.5 - (value / most) * (height - 3)).toFixed(1)

function lineOf(values: readonly (number | null)[], most: number): string {
  let text = ''
  let isOpen = false
  for (const [index, value] of values.entries()) {
    if (value !== null) text += `${isOpen ? 'L' : 'M'}${x(index, values.length)} ${y(value, most)}`
    isOpen = value !== null
  }
  return text
}

function areaOf(values: readonly (number | null)[], most: number): string {
  let text = ''
  let last = -1
  for (const [index, value] of values.entries()) {
    if (value === null) {
      if (last >= 0) text += `V${height}Z`
      last = -1
      continue
    }
    if (last < 0) text += `M${x(index, values.length)} ${height}`
    text += `L${x(index, values.length)} ${y(value, most)}`
    last = index
  }
  return last < 0 ? text : `${text}V${height}Z`
}
