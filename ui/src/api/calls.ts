// Every command of the core that the page calls, with the types that the core exports.
import { channel, invoke } from '../platform';
import { PageError } from './errors';
import type { Begin } from './generated/Begin';
import type { BuyView } from './generated/BuyView';
import type { ChoicesView } from './generated/ChoicesView';
import type { CommandView } from './generated/CommandView';
import type { PlanDecision } from './generated/PlanDecision';
import type { DisputesView } from './generated/DisputesView';
import type { DisputeView } from './generated/DisputeView';
import type { DraftView } from './generated/DraftView';
import type { Edits } from './generated/Edits';
import type { EntryDetail } from './generated/EntryDetail';
import type { Explanation } from './generated/Explanation';
import type { FileView } from './generated/FileView';
import type { DecisionPreview } from './generated/DecisionPreview';
import type { FoundRows } from './generated/FoundRows';
import type { HistoryQuery } from './generated/HistoryQuery';
import type { HistorySummary } from './generated/HistorySummary';
import type { Imported } from './generated/Imported';
import type { LastSeen } from './generated/LastSeen';
import type { Mapping } from './generated/Mapping';
import type { OutboxView } from './generated/OutboxView';
import type { Overview } from './generated/Overview';
import type { PauseView } from './generated/PauseView';
import type { PaymentOrder } from './generated/PaymentOrder';
import type { Preferences } from './generated/Preferences';
import type { TablePreview } from './generated/TablePreview';
import type { Programme } from './generated/Programme';
import type { Quote } from './generated/Quote';
import type { Remember } from './generated/Remember';
import type { RowView } from './generated/RowView';
import type { Setup } from './generated/Setup';
import type { Update } from './generated/Update';
import type { VerifyView } from './generated/VerifyView';
import type { ImportOwner } from './generated/ImportOwner';

async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (error) {
    throw PageError.from(error);
  }
}

export const setup = () => call<Setup>('setup');
export const shown = () => call<null>('shown');
export const watch = (onUpdate: (update: Update) => void) =>
  call<null>('watch', { channel: channel(onUpdate) });
export const overview = () => call<Overview>('overview');
export const signIn = (cloud: string, key: string, remember: Remember) =>
  call<null>('sign_in', { cloud, key, remember });
export const signInToDemo = (cloud: string, remember: Remember) =>
  call<null>('sign_in_to_demo', { cloud, remember });
export const signOut = () => call<null>('sign_out');
export const tryAgain = () => call<null>('try_again');
export const verify = () => call<VerifyView>('verify');
export const historySummary = (query: HistoryQuery) =>
  call<HistorySummary>('history_summary', { query });
export const historyRows = (query: HistoryQuery, day: string, offset: number, limit: number) =>
  call<RowView[]>('history_rows', { query, day, offset, limit });
export const historySearch = (query: HistoryQuery, before: number | null, limit: number) =>
  call<FoundRows>('history_search', { query, before, limit });
export const explain = (from: string | null, after: number | null = null) =>
  call<Explanation>('explain', { from, after });
export const lastLook = () => call<LastSeen | null>('last_look');
export const look = (seq: number) => call<null>('look', { seq });
export const historyEntries = (seqs: number[]) => call<FoundRows>('history_entries', { seqs });
export const disputes = () => call<DisputesView>('disputes');
export const dispute = (id: string) => call<DisputeView>('dispute', { id });
export const beginDispute = (begin: Begin) => call<DraftView>('begin_dispute', { begin });
export const editDraft = (id: string, edits: Partial<Edits>) =>
  call<DraftView>('edit_draft', { id, edits });
/** Null if the operator cancelled the file dialog. */
export const attachFile = (id: string) => call<DraftView | null>('attach_file', { id });
export const detachFile = (id: string, sha256: string) =>
  call<DraftView>('detach_file', { id, sha256 });
export const dropDraft = (id: string) => call<null>('drop_draft', { id });
export const prepareDispute = (id: string) => call<FileView[]>('prepare_dispute', { id });
export const sendDispute = (id: string) => call<DraftView>('send_dispute', { id });
export const messageDispute = (id: string, text: string) =>
  call<CommandView>('message_dispute', { id, text });
export const withdrawDispute = (id: string) => call<CommandView | null>('withdraw_dispute', { id });
export const saveMail = (id: string) => call<number | null>('save_mail', { id });
export const openMail = (id: string) => call<null>('open_mail', { id });
/** Null if the operator cancelled the file dialog. */
export const chooseImport = (programme: Programme) =>
  call<ChosenFiles | null>('choose_import', { programme });
export const previewImport = (programme: Programme, mapping: Mapping) =>
  call<TablePreview>('preview_import', { programme, mapping });
export const importHistory = (whose: ImportOwner, mapping: Mapping | null) =>
  call<Imported>('import_history', { whose, mapping });
export const lookAtImported = (wanted: boolean) => call<null>('look_at_imported', { wanted });
export const entry = (seq: number) => call<EntryDetail>('entry', { seq });
export const exportHistory = (query: HistoryQuery) =>
  call<number | null>('export_history', { query });
export const outbox = () => call<OutboxView>('outbox');
export const cancelCommand = (id: string) => call<CommandView>('cancel_command', { id });
export const buyCredits = (amount: number) => call<CommandView>('buy_credits', { amount });
export const setAutoRecharge = (enabled: boolean) =>
  call<CommandView>('set_auto_recharge', { enabled });
export const setPaymentOrder = (order: PaymentOrder) =>
  call<CommandView>('set_payment_order', { order });
export const redeemCoupon = (code: string) => call<CommandView>('redeem_coupon', { code });
export const choices = () => call<ChoicesView>('choices');
export const quote = (decision: PlanDecision) => call<DecisionPreview>('quote', { decision });
export const buyPreview = (amount: number) => call<BuyView>('buy_preview', { amount });
export const dismissCommand = (id: string) => call<null>('dismiss_command', { id });
/** Null if the operator said no in the native dialog that asks before events are deleted. */
export const decide = (decision: PlanDecision, seen: Quote) =>
  call<CommandView | null>('decide', { decision, seen });
export const pausePreview = () => call<PauseView>('pause_preview');
export const exportBeforePause = () => call<number | null>('export_before_pause');
export const exportCalendar = () => call<boolean>('export_calendar');
export const eventMode = () => call<null>('event_mode');
export const desk = () => call<Desk>('desk');
export const prefer = (preferences: Preferences) => call<null>('prefer', { preferences });
export const startAtLogin = (wanted: boolean) => call<null>('start_at_login', { wanted });

/** Names of the files chosen to be imported, and a preview of the first table among them. */
export interface ChosenFiles {
  files: string[];
  preview: TablePreview | null;
}

/** What this desktop offers, such as a tray, and the operator's preferences. */
export interface Desk {
  preferences: Preferences;
  tray: boolean;
  notifications: boolean;
  at_login: boolean;
}
