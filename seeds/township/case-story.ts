/** The true course of one case (办件); each agency's system reports it in its own tables and documents. */
import type { Business, Resident } from './model.ts';

export interface StoryStep {
  /** Number within the case, from 1. */
  readonly sn: number;
  readonly name: string;
  readonly type: 'STEP' | 'CORRECTION' | 'SPECIAL_PROCEDURE' | 'EXTENSION';
  readonly handler: string;
  /** Local time of Asia/Shanghai, `2026-11-23T09:30:00+08:00`, as all moments here. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** Null while the step is open. */
  readonly outcome:
    | 'AGREED'
    | 'DISAGREED'
    | 'ACCEPTED'
    | 'NOT_ACCEPTED'
    | 'CORRECTION_ASKED'
    | 'SPECIAL_PROCEDURE'
    | null;
  readonly opinion: string | null;
  /** The last step of the procedure. */
  readonly final: boolean;
}

export interface StoryClosing {
  readonly result: 'GRANTED' | 'REFUSED' | 'NOT_ACCEPTED' | 'WITHDRAWN' | 'LAPSED_NO_CORRECTION' | 'FORWARDED' | 'VOID';
  readonly reason: string | null;
  readonly closedAt: string;
  readonly certificateNo: string | null;
}

export interface CaseStory {
  readonly caseNo: string;
  readonly sourceNo: string;
  readonly matterCode: string;
  readonly matterEdition: number;
  readonly matterName: string;
  readonly title: string;
  readonly applicant: { readonly person: Resident } | { readonly business: Business };
  readonly phone: string;
  readonly channel: 'WINDOW' | 'ONLINE' | 'MOBILE';
  readonly windowCode: string | null;
  readonly submittedAt: string;
  readonly acceptedAt: string | null;
  readonly promisedOn: string | null;
  readonly steps: readonly StoryStep[];
  readonly closing: StoryClosing | null;
  /** Counts the versions of the story, from 1: every advance and every correction is a new one. */
  readonly dataVersion: number;
  /** The procedure that the story follows. */
  readonly matter: StoryMatter;
}

export interface StoryMatter {
  readonly code: string;
  readonly edition: number;
  readonly name: string;
  readonly for: 'PERSON' | 'BUSINESS';
  readonly promisedDays: number;
  /** Names of its ordinary steps, in order: 受理, 审查, 决定. */
  readonly steps: readonly string[];
}
