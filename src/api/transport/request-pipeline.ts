/**
 * The way of every request, over whichever transport it comes: who asks, whether it may run, its answer, and the entry of it
 * in the audit log. What is special about a transport is how requests come in and how bytes go out.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { Logger } from 'pino';
import { type Principal, textOfHeader } from '../../access/principal.ts';
import type { EndOfStream } from '../../feed/member.ts';
import { type Admission, type AdmissionControl, type GraphqlRequest, refusal } from '../admission/admission-control.ts';
import { type AdmittedOperation, admitOperation } from '../admission/admit-operation.ts';
import type { DocumentCache } from '../admission/document-cache.ts';
import type { CompiledAnswers } from '../queries/compiled-answers.ts';
import { auditAnswer } from '../request/audited-answers.ts';
import { Context, type Hub } from '../request/context.ts';
import { graphqlError, toClientError } from '../request/errors.ts';
import { noteRefusedReads } from '../request/noted-acts.ts';
import { Presence } from '../request/presence.ts';
import type { Readers } from '../request/readers.ts';
import { SubscriptionRequest } from '../request/subscription-request.ts';
import { clientAddress, type TrustedProxies } from './client-address.ts';
import { graphqlRequestOf } from './graphql-request.ts';

export interface PipelineParts {
  readonly schema: GraphQLSchema;
  readonly hub: Hub;
  readonly readers: Readers;
  readonly admissionControl: AdmissionControl;
  readonly documents: DocumentCache;
  readonly answers: CompiledAnswers;
  readonly trustedProxies: TrustedProxies;
  readonly log: Logger;
}

export class RequestPipeline {
  constructor(private readonly parts: PipelineParts) {}

  get readers(): Readers {
    return this.parts.readers;
  }
  get hub(): Hub {
    return this.parts.hub;
  }
  addressOf(request: IncomingMessage): string {
    return clientAddress(request, this.parts.trustedProxies);
  }

  /** Who sends a request over HTTP, with the purpose that its head states. */
  readerOf({ reader, headers }: FastifyRequest): Promise<Principal> {
    if (!reader) throw new Error('A route that reads no credentials asked who its reader is');
    return this.parts.readers.stating(reader, textOfHeader(headers['x-purpose']));
  }

  /** The first half for Apollo Server, which validates, runs and answers. Throws the refusal with its status. */
  async begin(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<{ readonly context: Context; readonly admission: Admission | null }> {
    const { admissionControl, hub } = this.parts;
    // A new object for each request, by which its admission is found again.
    const principal = { ...(await this.readerOf(request)) };
    try {
      const address = this.addressOf(request.raw);
      const admission = admissionControl.admit(principal, address, graphqlRequestOf(request));
      const context = new Context(hub, principal);
      const presence = presenceOf(reply);
      context.share = admissionControl.shareOf(principal, address, admission?.isHeavy ?? false, presence.whenGone);
      return { context, admission };
    } catch (error) {
      throw refusal(error);
    }
  }

  /** An operation of a socket or an event stream, checked and validated, or the errors that the client receives. */
  admit(
    principal: Principal,
    address: string,
    request: GraphqlRequest,
    presence: Presence,
  ): AdmittedOperation | readonly GraphQLError[] {
    return admitOperation(this.parts, principal, address, request, presence);
  }

  /** The answer of a query or a mutation, once its entry is on disk. */
  async answer(execution: ExecutionArgs): Promise<ExecutionResult> {
    const { answers, log } = this.parts;
    return auditAnswer(execution.contextValue as Context, this.toClient(await answers.execute(execution)), log);
  }

  /** What a subscription asks for, or the errors that the client receives. */
  async subscription(execution: ExecutionArgs): Promise<SubscriptionRequest | readonly GraphQLError[]> {
    const request = await createSourceEventStream(execution);
    if (request instanceof SubscriptionRequest) return request;
    const refused = request as ExecutionResult;
    noteRefusedReads(execution.contextValue as Context, refused.errors!);
    return this.toClient(refused).errors!;
  }

  toClient<R extends ExecutionResult>(result: R): R {
    const { errors } = result;
    return errors ? { ...result, errors: errors.map(error => toClientError(error, this.parts.log)) } : result;
  }
  errorOf(error: unknown): GraphQLError {
    return toClientError(graphqlError(error), this.parts.log);
  }
  /** The error by which a stream ends, with the cursor at which it goes on. */
  endOf({ error, cursor, position }: EndOfStream): object {
    const { message, extensions } = this.errorOf(error);
    return { message, extensions: { ...extensions, ...(cursor !== null && { cursor, position }) } };
  }
}

/** Whether the client of a response is still there. */
export function presenceOf({ raw }: FastifyReply): Presence {
  const presence = new Presence();
  raw.once('close', () => presence.leave());
  return presence;
}
