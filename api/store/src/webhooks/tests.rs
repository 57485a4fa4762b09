use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

use crate::limits::WEBHOOKS_PER_PARTY_MAX;
use crate::testing::{databases, party};
use crate::{DeliveryState, JobFilter, Message, PageRequest, StoreError, Try, WebhookState};

const URL: &str = "https://agency.example/hook";

#[tokio::test]
async fn a_subscription_is_its_partys_and_its_secret_lies_sealed() {
    for database in databases("webhooks").await {
        let store = database.open().await;
        let (agency, maker, id) = (party("agency"), party("maker"), Uuid::from_u128(1));
        let (webhook, secret) = store.webhooks.subscribe(id, &agency, URL).await.expect("subscribed");
        let (again, same) = store.webhooks.subscribe(id, &agency, URL).await.expect("the same request again");
        assert_eq!((&webhook, *secret), (&again, *same));
        assert!(matches!(store.webhooks.subscribe(id, &maker, URL).await, Err(StoreError::NoWebhook)));
        assert!(store.webhooks.webhook(&maker, id).await.expect("asked").is_none());
        assert!(matches!(store.webhooks.rotate(&maker, id).await, Err(StoreError::NoWebhook)));
        for number in 2..=WEBHOOKS_PER_PARTY_MAX {
            let id = Uuid::from_u128(u128::try_from(number).expect("small"));
            store.webhooks.subscribe(id, &agency, URL).await.expect("subscribed");
        }
        let one_more = store.webhooks.subscribe(Uuid::from_u128(99), &agency, URL).await;
        assert!(matches!(one_more, Err(StoreError::TooLarge { .. })));
        assert_eq!(store.webhooks.active().await.expect("listed").len(), WEBHOOKS_PER_PARTY_MAX);
        let page = PageRequest { limit: Some(1_000), token: None };
        let all = store.webhooks.webhooks(&agency, &page).await.expect("listed").items;
        assert_eq!(all.len(), WEBHOOKS_PER_PARTY_MAX);
        store.webhooks.unsubscribe(&agency, id).await.expect("ended");
        assert!(store.webhooks.webhook(&agency, id).await.expect("asked").is_none());
    }
}

#[tokio::test]
async fn a_message_is_handed_to_the_queue_once_and_its_tries_are_kept() {
    for database in databases("webhook_messages").await {
        let store = database.open().await;
        let (agency, id) = (party("agency"), Uuid::from_u128(1));
        let (_, first) = store.webhooks.subscribe(id, &agency, URL).await.expect("subscribed");
        let message = |name: &str| Message { webhook: id, name: name.into(), body: "{}".into() };
        for _ in 0..2 {
            store.webhooks.tell(&[message("a"), message("b"), message("c")], 3, 1_000).await.expect("told");
        }
        let jobs = store.jobs.jobs(JobFilter::default(), &PageRequest::default()).await.expect("listed").items;
        assert_eq!((jobs.len(), &jobs[2].payload["message"]), (3, &serde_json::json!("a")));
        let (_, _, secrets) = store.webhooks.waiting(id, "a").await.expect("asked").expect("it waits");
        assert_eq!(secrets.iter().map(|secret| **secret).collect::<Vec<_>>(), [*first]);
        // Both secrets sign for a while, then the new one alone.
        let (_, second) = store.webhooks.rotate(&agency, id).await.expect("rotated");
        let (_, _, secrets) = store.webhooks.waiting(id, "a").await.expect("asked").expect("it waits");
        assert_eq!(secrets.iter().map(|secret| **secret).collect::<Vec<_>>(), [*second, *first]);
        store.webhooks.database.read().execute_unprepared("UPDATE webhook SET before_until = 1").await.expect("passed");
        let (_, _, secrets) = store.webhooks.waiting(id, "a").await.expect("asked").expect("it waits");
        assert_eq!(secrets.len(), 1);

        store.webhooks.tried(id, "a", &Try::Failed(Some(500), "busy".into())).await.expect("written");
        store.webhooks.tried(id, "a", &Try::Taken(204)).await.expect("written");
        assert!(store.webhooks.waiting(id, "a").await.expect("asked").is_none(), "it was taken");
        let told = store.webhooks.deliveries(&agency, id, &PageRequest::default()).await.expect("listed").items;
        assert_eq!((told[2].tries, told[2].status, told[2].state), (2, Some(204), DeliveryState::Delivered));
        store.webhooks.tried(id, "b", &Try::GivenUp(None, "no answer".into())).await.expect("written");
        let webhook = store.webhooks.webhook(&agency, id).await.expect("asked").expect("it is there");
        assert_eq!(webhook.state, WebhookState::Disabled);
        assert!(webhook.reason.is_some_and(|reason| reason.contains("no answer")));
        assert!(store.webhooks.active().await.expect("listed").is_empty());
        let told = store.webhooks.deliveries(&agency, id, &PageRequest::default()).await.expect("listed").items;
        assert_eq!((told[0].state, told[0].tries), (DeliveryState::Failed, 0), "it waited behind the one given up");
        assert_eq!(told[2].state, DeliveryState::Delivered);
        let enabled = store.webhooks.enable(&agency, id).await.expect("enabled");
        assert_eq!((enabled.state, enabled.reason), (WebhookState::Active, None));
        store.webhooks.tried(id, "b", &Try::Gone(410)).await.expect("written");
        assert!(store.webhooks.active().await.expect("listed").is_empty(), "it said that it is gone");
        assert_eq!(store.webhooks.prune().await.expect("pruned"), 0);
        store
            .webhooks
            .database
            .read()
            .execute_unprepared("UPDATE webhook_delivery SET created_at = 1")
            .await
            .expect("old");
        assert_eq!(store.webhooks.prune().await.expect("pruned"), 3);
    }
}
