// Where a request would go, and why: each step with its candidates, in sentences.

import { useEffect, useState } from 'preact/hooks'
import type { ApiExplanation } from '../model/api.ts'
import { openingOf, type StepText, stepsOf, verdictOf } from '../model/explain-text.ts'
import { failureText, read } from './client.ts'
import { nodeHref } from './route.ts'
import { Scroll } from './scroll.tsx'
import { Mark } from './shapes.tsx'

interface Properties {
  readonly query: URLSearchParams
}

interface Question {
  readonly url: string
  readonly method: string
  readonly cookie: string
  readonly client: string
  readonly header: string
}

type Answer = { readonly explanation: ApiExplanation } | { readonly problem: string } | undefined

export const ExplainPage = ({ query }: Properties) => {
  const [question, setQuestion] = useState<Question>(() => questionOf(query))
  const [answer, setAnswer] = useState<Answer>(undefined)
  const ask = async (asked: Question): Promise<void> => setAnswer(await answerTo(asked))
  useEffect(() => {
    const asked = questionOf(query)
    setQuestion(asked)
    if (asked.url !== '') void ask(asked)
  }, [query])
  const submit = (event: Event): void => {
    event.preventDefault()
    const hash = `#/explain?${parametersOf(question)}`
    if (location.hash === hash) void ask(question)
    else location.hash = hash
  }
  const field = (name: keyof Question, label: string, placeholder: string, isNeeded = false) => (
    <label class={`field ${name}`}>
      {label}
      <input
        value={question[name]}
        required={isNeeded}
        placeholder={placeholder}
        spellcheck={false}
        autocapitalize="off"
        autocomplete="off"
        onInput={({ currentTarget: { value } }) =>
          setQuestion((before) => ({ ...before, [name]: value }))
        }
      />
    </label>
  )
  return (
    <>
      <h1>Explain a request</h1>
      <form class="card explain" onSubmit={submit}>
        {field('url', 'URL or path', 'http://shop.example.com/cart', true)}
        {field('method', 'Method', 'GET')}
        {field('cookie', 'Cookie', 'JSESSIONID=abc.node-a')}
        {field('client', 'Address of the client', '127.0.0.1')}
        {field('header', 'Header field', 'X-Tenant: 7')}
        <button type="submit" class="main">
          Explain
        </button>
      </form>
      <div aria-live="polite">
        {answer !== undefined &&
          ('problem' in answer ? (
            <p class="card refusal">{answer.problem}</p>
          ) : (
            <Explanation explanation={answer.explanation} />
          ))}
      </div>
      {answer === undefined && (
        <p class="soft">
          Nothing is sent to a node, and nothing is counted: the proxy makes the same decision that
          it would make for a real request, and writes down each step.
        </p>
      )}
    </>
  )
}

const questionOf = (query: URLSearchParams): Question => ({
  url: query.get('url') ?? '',
  method: query.get('method') ?? '',
  cookie: query.get('cookie') ?? '',
  client: query.get('client') ?? '',
  header: query.get('header') ?? '',
})

function parametersOf(question: Question): string {
  const given = Object.entries(question).filter(([, value]) => value.trim() !== '')
  return new URLSearchParams(given.map(([name, value]) => [name, value.trim()])).toString()
}

async function answerTo(question: Question): Promise<Answer> {
  try {
    return { explanation: await read<ApiExplanation>(`/explain?${parametersOf(question)}`) }
  } catch (error) {
    return { problem: failureText(error) }
  }
}

const shapes = { good: 'full', bad: 'cross', wait: 'diamond' } as const

const Explanation = ({ explanation }: { readonly explanation: ApiExplanation }) => {
  const verdict = verdictOf(explanation)
  const steps = stepsOf(explanation)
  return (
    <>
      <section class={`card verdict ${verdict.tone}`} aria-labelledby="verdict">
        <h2 id="verdict">
          <Mark state={{ shape: shapes[verdict.tone], tone: verdict.tone }} />
          {verdict.text}
        </h2>
        <p>{verdict.meaning}</p>
        {openingOf(explanation).map((text) => (
          <p key={text}>{text}</p>
        ))}
      </section>
      {steps.length > 0 && (
        <ol class="steps">
          {steps.map((step, index) => (
            <Step key={`${index} ${step.name}`} step={step} />
          ))}
        </ol>
      )}
    </>
  )
}

const outcomes = {
  chosen: { text: 'chosen', state: { shape: 'full', tone: 'good' } },
  kept: { text: 'stays', state: { shape: 'hollow', tone: 'good' } },
  out: { text: 'falls out', state: { shape: 'cross', tone: 'off' } },
} as const

const Step = ({ step: { name, text, rows } }: { readonly step: StepText }) => {
  const isWorthRows = rows.some(
    ({ outcome, figures, why }) => outcome === 'out' || figures !== '' || why !== '',
  )
  const hasFigures = rows.some(({ figures }) => figures !== '')
  return (
    <li class="card">
      <h3>
        <code>{name}</code>
      </h3>
      <p>{text}</p>
      {isWorthRows && (
        <Scroll label={`Candidates of ${name}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">node</th>
                <th scope="col">outcome</th>
                {hasFigures && <th scope="col">figures</th>}
                <th scope="col">why</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ node, outcome, figures, why }) => (
                <tr key={node} class={outcome}>
                  <th scope="row">
                    <a href={nodeHref(node)}>{node}</a>
                  </th>
                  <td>
                    <span class={`state ${outcomes[outcome].state.tone}`}>
                      <Mark state={outcomes[outcome].state} />
                      {outcomes[outcome].text}
                    </span>
                  </td>
                  {hasFigures && <td>{figures}</td>}
                  <td>{why}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </li>
  )
}
