/** A client of the hub like the hall's screens: queries over HTTP, updates over a WebSocket. */
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

export interface GraphqlAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape of its question
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export class HallClient {
  constructor(
    readonly url: string,
    private readonly token: string | null,
    /** Why personal data is read: `case:<number>`, `matter:<code>` or `task:<words>`; without it the data is masked. */
    private readonly purpose: string | null = null,
  ) {}

  get headers(): Record<string, string> {
    return {
      ...(this.token && { authorization: `Bearer ${this.token}` }),
      ...(this.purpose && { 'x-purpose': this.purpose }),
    };
  }

  async ask(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<GraphqlAnswer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.headers },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as GraphqlAnswer;
  }

  /** Subscribes and returns once the server has answered a ping that was sent after the subscription. */
  async subscribe(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Inbox> {
    const inbox = new Inbox();
    const client = createClient({
      url: `${this.url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      lazy: false,
      retryAttempts: 0,
      connectionParams: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(this.purpose && { purpose: this.purpose }),
      },
      onNonLazyError: error => inbox.fail(error),
    });
    const ready = new Promise<void>((resolve, reject) => {
      client.on('opened', socket => {
        const ws = socket as WebSocket;
        ws.once('pong', () => resolve());
        ws.once('close', () => reject(new Error('The hub closed the socket')));
      });
      client.on('connected', socket => {
        // Frames are handled in order: the pong of this ping follows the subscription below.
        setImmediate(() => (socket as WebSocket).ping());
      });
    });
    const leave = client.subscribe<Record<string, unknown>>(
      { query, variables: { ...variables } },
      {
        next: message => inbox.put(message as GraphqlAnswer),
        error: error => inbox.endWith(error),
        complete: () => inbox.end(),
      },
    );
    inbox.onClose = async () => {
      leave();
      await client.dispose();
    };
    await ready;
    return inbox;
  }
}

/** What arrived, in order; nothing is missed between two calls. */
export class Inbox {
  private readonly messages: GraphqlAnswer[] = [];
  private readonly takers: { resolve: (message: GraphqlAnswer) => void; reject: (error: unknown) => void }[] = [];
  private failure: unknown = null;
  onClose: () => Promise<void> = async () => {};

  put(message: GraphqlAnswer): void {
    const taker = this.takers.shift();
    if (taker) taker.resolve(message);
    else this.messages.push(message);
  }
  fail(error: unknown): void {
    this.failure ??= error ?? new Error('The subscription failed');
    for (const taker of this.takers.splice(0)) taker.reject(this.failure);
  }
  /** GraphQL errors that end an operation are its last message. */
  endWith(error: unknown): void {
    if (Array.isArray(error)) {
      this.put({ errors: error });
      this.end();
    } else this.fail(error);
  }
  end(): void {
    this.fail(new Error('The subscription ended'));
  }

  next(): Promise<GraphqlAnswer> {
    const message = this.messages.shift();
    if (message) return Promise.resolve(message);
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => this.takers.push({ resolve, reject }));
  }
  /** The next message that matches; messages before it are dropped. */
  async nextWhere(fits: (message: GraphqlAnswer) => boolean): Promise<GraphqlAnswer> {
    for (;;) {
      const message = await this.next();
      if (fits(message)) return message;
    }
  }
  close(): Promise<void> {
    return this.onClose();
  }
}
