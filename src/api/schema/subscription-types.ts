/** GraphQL types of the streams: events of boards, and changes. */
import { type ClassType, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Node } from './base-types.ts';
import { DateTime, Position } from './scalars.ts';

const values = <N extends string>(...names: N[]) => Object.fromEntries(names.map(name => [name, name]));

export type BoardEventType = 'SNAPSHOT' | 'READY' | 'UPSERT' | 'REMOVE' | 'LAGGED';
const boardEventTypes = values<BoardEventType>('SNAPSHOT', 'READY', 'UPSERT', 'REMOVE', 'LAGGED');
registerEnumType(boardEventTypes, {
  name: 'BoardEventType',
  description: 'What an event of a board says · 事件类型',
  valuesConfig: {
    SNAPSHOT: { description: 'A page of all that fits, in order; page 0 replaces whatever is on the screen · 快照' },
    READY: { description: 'The snapshot is complete, as of `position` · 就绪' },
    UPSERT: { description: 'The node in `nodes` is new on the board, or has changed · 新增或变更' },
    REMOVE: { description: '`removed` does not belong on the board any more · 移除' },
    LAGGED: { description: 'The screen was left behind; what follows is read from the log, nothing is lost · 滞后' },
  },
});

export type RemoveReason = 'DELETED' | 'MOVED' | 'REASSIGNED' | 'NO_LONGER_AUTHORISED';
const removeReasons = values<RemoveReason>('DELETED', 'MOVED', 'REASSIGNED', 'NO_LONGER_AUTHORISED');
registerEnumType(removeReasons, {
  name: 'RemoveReason',
  description: 'Why something leaves a board · 移除原因',
  valuesConfig: {
    DELETED: { description: 'It does not exist any more · 已删除' },
    MOVED: { description: 'It does not fit the filter any more · 已移出' },
    REASSIGNED: { description: 'Its case went to another leading agency · 已改派' },
    NO_LONGER_AUTHORISED: { description: 'The reader may not see it any more · 无权查看' },
  },
});

@ObjectType({ description: 'From where to where a stream was behind · 滞后区间' })
export class Lag {
  @Field(() => Position, { description: 'The last position that had been delivered' }) from!: number;
  @Field(() => Position, { description: 'The newest position when the screen read again' }) to!: number;
}

/** An event of a board of some noun. */
export interface BoardEvent {
  readonly type: BoardEventType;
  readonly cursor: string | null;
  readonly position: number | null;
  readonly page: number | null;
  /** Rows to show, by their ids. */
  readonly ids: readonly string[];
  readonly removed: string | null;
  readonly reason: RemoveReason | null;
  readonly lag: Lag | null;
}

/** Declares the type without `nodes`, which has a resolver. */
export function boardEventType(name: string, description: string): ClassType {
  const type = { [name]: class {} }[name] as ClassType;
  const fields: [string, () => unknown, string][] = [
    ['cursor', () => String, 'Give it as `after` to go on behind this event; null until READY · 游标'],
    ['position', () => Position, 'Of the change that caused it; of READY, up to where the snapshot goes · 序号'],
    ['page', () => Int, 'Of SNAPSHOT: from 0 · 快照页'],
    ['removed', () => ID, 'Of REMOVE: what leaves · 移除的标识'],
    ['reason', () => removeReasons, 'Of REMOVE: why · 原因'],
    ['lag', () => Lag, 'Of LAGGED · 滞后'],
  ];
  Field(() => boardEventTypes as never)(type.prototype, 'type');
  for (const [field, of, text] of fields) {
    Field(of as never, { nullable: true, description: text })(type.prototype, field);
  }
  ObjectType(name, { description })(type);
  return type;
}

@ObjectType({ description: 'A change of something that the reader may see · 变更' })
export class ChangeEvent {
  @Field({ description: 'Give it as `after` to go on behind this change' }) cursor!: string;
  @Field(() => Position) position!: number;
  @Field({ description: 'Type of what changed: Case, Approval, ... · 类型' }) kind!: string;
  @Field({ description: 'Agency whose statement caused it · 部门' }) agency!: string;
  @Field(() => String, { nullable: true, description: 'The case that it belongs to · 办件编号' }) caseNo!:
    | string
    | null;
  @Field({ description: 'It is gone: node is null · 已删除' }) deleted!: boolean;
  @Field(() => DateTime, {
    nullable: true,
    description: 'When the hub stored it; null where it reveals something personal that is masked · 变更时间',
  })
  at!: string | null;
  @Field(() => Node, { nullable: true, description: 'As it stands now' }) node!: object | null;
}
