/** What operators are told of: budgets that reach a share of their limit, and alarms. Subscribe a mailbox, a chat or a function. */
export const events = new sst.aws.SnsTopic("Events");
