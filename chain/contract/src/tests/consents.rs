//! Purposes as text, and what a consent to one may say.

use proptest::prelude::*;

use crate::*;

#[test]
fn a_purpose_is_read_from_what_it_is_written_as() {
    let study = StudyId::of("NCT01234567").expect("a number of a registry");
    let all = [
        (Purpose::DispenseRecord, "dispense_record".to_owned()),
        (Purpose::Care, "care".to_owned()),
        (Purpose::Study(study), format!("study:{study}")),
        (Purpose::StudyKind(StudyKind::Interventional), "study_kind:interventional".to_owned()),
        (Purpose::StudyKind(StudyKind::ExpandedAccess), "study_kind:expanded_access".to_owned()),
        (Purpose::PublicHealthResearch, "public_health_research".to_owned()),
        (Purpose::ModelTraining, "model_training".to_owned()),
        (Purpose::Marketplace, "marketplace".to_owned()),
    ];
    for (purpose, text) in all {
        assert_eq!(purpose.to_string(), text);
        assert_eq!(text.parse(), Ok(purpose));
    }
    assert_eq!("study:nct01234567".parse(), Ok(Purpose::Study(study)), "the registry's number, in any case");
    for wrong in ["", "Care", "study:", "study:a study", "study_kind:", "study_kind:phase_1", "research"] {
        let refused = wrong.parse::<Purpose>().expect_err("no purpose").to_string();
        assert!(refused.starts_with(&format!("{wrong:?} is no purpose")), "{refused}");
    }
}

proptest! {
    #[test]
    fn no_text_is_read_as_a_purpose_that_is_written_otherwise(text in "[a-z_]{0,12}(:[ -~]{0,44})?") {
        if let Ok(purpose) = text.parse::<Purpose>() {
            prop_assert_eq!(purpose.to_string().parse(), Ok(purpose));
        }
    }
}
