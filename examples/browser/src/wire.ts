/** One request of the page and its answer, as they went over the wire. */
export interface Exchange {
  readonly method: string;
  readonly sent: Fields;
  readonly received: Fields;
}

/** Names and values of a message, nested ones joined with dots. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** A `fetch` that tells of everything that passes through it. */
export function tappedFetch(onExchange: (exchange: Exchange) => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const request = JSON.parse(init?.body as string) as { method: string; params: object };
    onExchange({
      method: request.method,
      sent: fieldsOf(request.params),
      received: receivedOf(await response.clone().text()),
    });
    return response;
  };
}

/** What came of an answer: whoever is there may speak something else than a gateway does, and is shown as it is. */
function receivedOf(text: string): Fields {
  try {
    const reply = JSON.parse(text) as { result?: unknown; error?: { message: string } };
    return fieldsOf(reply.error === undefined ? reply.result : { error: reply.error.message });
  } catch {
    return [['answer', text]];
  }
}

function fieldsOf(value: unknown, name = ''): Fields {
  if (value === null) return [];
  if (typeof value === 'string') return [[name, value]];
  if (typeof value !== 'object') return [[name, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, each]) => fieldsOf(each, name === '' ? key : `${name}.${key}`));
}
