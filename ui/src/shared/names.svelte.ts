// Names of services and plans. They come from the account's catalog, which the core sends with every overview.
import type { CatalogNames } from '../api/generated/CatalogNames';
import type { Cycle } from '../api/generated/Cycle';
import { readable, t } from './messages';

let names = $state.raw<CatalogNames>({ services: {}, plans: {}, legacy: {} });

/** Replaces the names of the catalog; texts on the page that use them are updated. */
export function setNames(catalog: CatalogNames): void {
  names = catalog;
}

/** The name of a service. If the catalog lacks the service: its code, made readable. */
export const serviceName = (code: string): string => names.services[code] ?? readable(code);

/** The plan's name, with its billing cycle if there is one: “Pro monthly”. */
export function planName(code: string, cycle?: Cycle): string {
  const plan = names.plans[code]?.name ?? readable(code);
  return cycle ? t(`shared-plan-${cycle}`, { plan }) : plan;
}

/** True for plans without a fee, which a pause leads to. */
export const isFree = (code?: string): boolean =>
  code !== undefined && names.plans[code]?.free === true;
