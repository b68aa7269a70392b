//! Bills, line by line.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One line of a bill: what one resource or operation cost in an hour, a day or a month, out of a Cost and Usage Report, CUR 2.0 or FOCUS export; `account` is the one that used it.
    "billing", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html",
        services: &[],
        athena: None,
        view: InEvents::Left("a bill says what was used, not who did what"),
    }),
    BillingRow => BillingRows, BillingColumn, TABLE {
        /// What the line was written as: cur (Cost and Usage Report), cur2 (CUR 2.0 of Data Exports) or focus.
        form: Text,
        /// Which delivery it is of, from the folder behind the billing period in the object's key; null where AWS writes each delivery over the one before, and where the key was not kept. A month is delivered again and again until its bill is final, each time whole, so only the rows of one delivery may be added up. The latest one of an account and `billing_period` has the greatest `assembly` where these are times (`20260301T060000Z`); where they are UUIDs it is the one that the `…-Manifest.json` of the month names; where there is none, deliveries are told apart by `evidence_object` alone.
        assembly: Key,
        /// When the billing period begins, which is nearly always a month.
        billing_period: Time,
        /// The account that pays.
        payer_account: Text,
        /// Who sells: `AWS`, `AWS Marketplace`; null in FOCUS.
        billing_entity: Text,
        /// Anniversary (for use), Purchase, Refund; null in FOCUS.
        bill_type: Text,
        /// What the line is for: Usage, Tax, Fee, Credit, Refund, DiscountedUsage, SavingsPlanCoveredUsage and so on; in FOCUS the category: Usage, Purchase, Tax, Credit, Adjustment.
        line_item_type: Text,
        /// The code of the service, such as AmazonEC2; in FOCUS exports that have no code, its name.
        service: Text,
        /// What was used, such as `EUC1-BoxUsage:p4d.24xlarge`.
        usage_type: Text,
        /// The operation, such as RunInstances.
        operation: Text,
        /// What used it: an ARN, the id of an instance or volume, the name of a bucket; null where the report was made without resources.
        resource: Key,
        /// When the use began; `event_time` is the same.
        usage_start: Time,
        /// When it ended.
        usage_end: Time,
        /// How much was used.
        usage_amount: Real,
        /// Of what: Hrs, GB-Mo, Requests.
        usage_unit: Text,
        /// What the bill says the line costs; in FOCUS the billed cost, from which discounts are already taken.
        unblended_cost: Real,
        /// The price of one unit.
        unblended_rate: Real,
        /// The cost at the average price in the organisation.
        blended_cost: Real,
        /// The cost less all discounts; null where there are none.
        net_cost: Real,
        /// With the part of reservations and savings plans that was used up, where the line is covered by one and costs nothing else; in FOCUS on all lines.
        effective_cost: Real,
        /// The cost at the public on-demand price.
        public_cost: Real,
        /// The currency of the costs.
        currency: Text,
        /// The availability zone.
        availability_zone: Text,
        /// The line in words.
        description: Text,
        /// The id of the line, unique within one delivery only: the next one has others.
        identity_id: Id,
        /// The invoice; null until there is one.
        invoice_id: Key,
        /// The reservation that the line is of or covered by.
        reservation_arn: Key,
        /// The savings plan that the line is of or covered by.
        savings_plan_arn: Key,
        /// The tags of the resource that are activated for cost allocation, as object: `{"user:Name": "web", "aws:createdBy": "AssumedRole:…"}`; Parquet files and CUR 2.0 write `user_name`, `aws_created_by`.
        tags: Json,
        /// Every other field under its own name; the original text of a number or time from which it could not be made again, or that its column cannot take.
        extra: Json,
    }
}
