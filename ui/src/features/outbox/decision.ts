// The decision that led to a command, to decide it again on the present figures.
import type { CommandView } from '../../api/generated/CommandView';
import type { PlanDecision } from '../../api/generated/PlanDecision';

export function decisionOf(command: CommandView): PlanDecision | null {
  switch (command.kind) {
    case 'change_plan': {
      const { plan = '', cycle, coupon } = command;
      return { change_plan: { plan, ...(cycle && { cycle }), ...(coupon && { coupon }) } };
    }
    case 'pay_now':
      return { pay_now: command.method ?? 'card' };
    case 'cancel':
    case 'resume':
      return command.kind;
    default:
      return null;
  }
}
