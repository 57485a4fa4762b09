//! Challenges are answered once, counters go on, and nothing outlives the patient's key.

use veridose_contract::{IdempotencyKey, Timestamp};

use super::{Passkey, PasskeyError, Passkeys};
use crate::StoreError;
use crate::limits::{CEREMONIES_PER_PATIENT_MAX, PASSKEYS_PER_PATIENT_MAX};
use crate::testing::databases;

const NOW: Timestamp = Timestamp(1_000);
const UNTIL: Timestamp = Timestamp(2_000);
const ANNA: &str = "anna";

fn passkey(credential: u8, counter: u32) -> Passkey {
    Passkey {
        credential: vec![credential; 16],
        key: vec![credential; 91],
        counter,
        transports: vec!["internal".to_owned()],
        label: "phone".to_owned(),
        created: NOW,
        used: None,
    }
}

async fn begun(passkeys: &Passkeys) -> [u8; 16] {
    passkeys.begin(ANNA, &"what is signed", NOW, UNTIL).await.expect("begun")
}

fn why(result: Result<impl Sized, StoreError>) -> PasskeyError {
    match result {
        Err(StoreError::Passkey(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[tokio::test]
async fn a_challenge_is_for_one_request_and_a_counter_never_goes_back() {
    for database in databases("passkeys_once").await {
        let store = database.open().await;
        let passkeys = &store.passkeys;
        let first = begun(passkeys).await;
        let id = passkeys.add(ANNA, &first, &passkey(1, 5), NOW).await.expect("kept");
        assert_eq!(why(passkeys.add(ANNA, &first, &passkey(2, 0), NOW).await), PasskeyError::Used);
        let second = begun(passkeys).await;
        assert_eq!(why(passkeys.add(ANNA, &second, &passkey(1, 0), NOW).await), PasskeyError::Exists);

        let (one, other) = (IdempotencyKey([1; 16]), IdempotencyKey([2; 16]));
        assert_eq!(why(passkeys.signed(ANNA, &second, one, &id, 5, NOW).await), PasskeyError::CounterBack);
        passkeys.signed(ANNA, &second, one, &id, 6, NOW).await.expect("a refusal takes no challenge");
        passkeys.signed(ANNA, &second, one, &id, 6, NOW).await.expect("the same request again");
        assert_eq!(why(passkeys.signed(ANNA, &second, other, &id, 7, NOW).await), PasskeyError::Used);
        let found = passkeys.ceremony::<String>(ANNA, &second, NOW).await.expect("kept until its time is over");
        assert_eq!((found.content.as_str(), found.used_by), ("what is signed", Some(one)));
        assert_eq!(why(passkeys.ceremony::<String>(ANNA, &second, UNTIL).await), PasskeyError::NoCeremony);
        assert_eq!(why(passkeys.ceremony::<String>("ben", &second, NOW).await), PasskeyError::NoCeremony);

        let third = begun(passkeys).await;
        assert_eq!(why(passkeys.signed(ANNA, &third, one, &id, 7, UNTIL).await), PasskeyError::NoCeremony);
        assert!(!passkeys.remove("ben", &id).await.expect("asked") && passkeys.remove(ANNA, &id).await.expect("asked"));
        assert_eq!(why(passkeys.signed(ANNA, &third, one, &id, 7, NOW).await), PasskeyError::Unknown);
        // An authenticator that keeps no counter says 0 each time.
        let id = passkeys.add(ANNA, &third, &passkey(3, 0), NOW).await.expect("kept");
        for _ in 0..2 {
            passkeys.signed(ANNA, &begun(passkeys).await, one, &id, 0, NOW).await.expect("no counter");
        }
    }
}

#[tokio::test]
async fn there_are_limits_and_erasing_leaves_nothing() {
    for database in databases("passkeys_limits").await {
        let store = database.open().await;
        let passkeys = &store.passkeys;
        for number in 0..u8::try_from(PASSKEYS_PER_PATIENT_MAX).expect("few") {
            passkeys.add(ANNA, &begun(passkeys).await, &passkey(number, 0), NOW).await.expect("kept");
        }
        let more = begun(passkeys).await;
        assert_eq!(why(passkeys.add(ANNA, &more, &passkey(99, 0), NOW).await), PasskeyError::TooMany);
        let under_way = PASSKEYS_PER_PATIENT_MAX + 1;
        for _ in under_way..CEREMONIES_PER_PATIENT_MAX {
            begun(passkeys).await;
        }
        let refused = passkeys.begin(ANNA, &"one more", NOW, UNTIL).await;
        assert_eq!(why(refused), PasskeyError::TooManyCeremonies);
        passkeys.begin(ANNA, &"later", UNTIL, Timestamp(3_000)).await.expect("those before are over");

        let kept = passkeys.of_patient(ANNA).await.expect("opened");
        assert_eq!((kept.len(), &kept[0].passkey.label), (16, &"phone".to_owned()));
        store.vault.destroy_patient_key(ANNA).await.expect("destroyed");
        assert_eq!(passkeys.of_patient(ANNA).await.expect("nothing"), []);
        let refused = passkeys.begin(ANNA, &"again", NOW, UNTIL).await;
        assert!(matches!(refused, Err(StoreError::PatientErased)));
        // Another patient may have the credential now: no row of it is left.
        let of_ben = passkeys.begin("ben", &"his", NOW, UNTIL).await.expect("begun");
        passkeys.add("ben", &of_ben, &passkey(0, 0), NOW).await.expect("nobody has it");
    }
}
