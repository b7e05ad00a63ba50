// The metrics behind a node's load factor, as its agent reports them.

import type { ApiMetric } from '../model/api.ts'
import { numberText, percent } from '../model/format.ts'
import { loadFactorText } from '../model/load-text.ts'
import { Scroll } from './scroll.tsx'

interface Properties {
  readonly factor: number | null
  readonly metrics: readonly ApiMetric[]
}

export const LoadMetrics = ({ factor, metrics }: Properties) => (
  <section class="card" aria-labelledby="metrics">
    <h2 id="metrics">Behind the load factor</h2>
    <p class="soft">{loadFactorText(factor, metrics)}</p>
    {metrics.length > 0 && (
      <Scroll label="Load metrics">
        <table>
          <thead>
            <tr>
              <th scope="col">metric</th>
              <th scope="col">load</th>
              <th scope="col" class="number">
                last value
              </th>
              <th scope="col" class="number">
                full at
              </th>
              <th scope="col" class="number">
                weight
              </th>
            </tr>
          </thead>
          <tbody>
            {metrics.map((metric) => (
              <tr key={metric.name}>
                <th scope="row">{metric.name}</th>
                <td>
                  <LoadShare load={metric.load} />
                </td>
                <td class="number">{valueText(metric)}</td>
                <td class="number">
                  {metric.capacity === 1 ? '100 %' : numberText(metric.capacity)}
                </td>
                <td class="number">{metric.weight === null ? '–' : numberText(metric.weight)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    )}
  </section>
)

const valueText = ({ value, capacity }: ApiMetric): string =>
  value === null ? 'unavailable' : capacity === 1 ? percent(value) : numberText(value)

const LoadShare = ({ load }: { readonly load: number }) => (
  <span class="load-bar">
    <i aria-hidden="true">
      <b
        class={load >= fullLoad ? 'full' : ''}
        style={{ width: `${Math.min(100, load * 100)}%` }}
      />
    </i>
    {percent(load)}
  </span>
)

/** From here on a bar has the colour of a warning. */
const fullLoad = 0.9
