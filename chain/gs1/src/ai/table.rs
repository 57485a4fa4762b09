//! The table of Application Identifiers, from the GS1 General Specifications (section 3) and the Digital Link standard.
//! A test compares it with GS1's own syntax dictionary.
//!
//! Rules that only a list kept elsewhere can decide are left out on purpose: countries, currencies, package types and
//! coupons have their form checked, not their meaning.

use super::{InLink, Part, Pattern, Presence, Row, Rule, Separator};
use crate::check::{CSET_39, CSET_64, CSET_82, CharacterSet, DIGITS};

type Groups = &'static [&'static [Pattern]];

const ITEMS: Groups = &[&[one(1)], &[one(2)], &[one(3)], &[one(8006)], &[one(8026)]];
const GTIN_OR_CONTENT: Groups = &[&[one(1)], &[one(2)]];
const SSCC_OR_GTIN: Groups = &[&[one(0)], &[one(1)]];
const GTINS: Groups = &[&[one(1)], &[one(2)], &[one(3)]];
const SSCC: Groups = &[&[one(0)]];
const GTIN: Groups = &[&[one(1)]];
const PERSONS: Groups = &[&[one(8017)], &[one(8018)]];
const RECIPIENT: Groups = &[&[one(8018)]];
const PIECES: Groups = &[&[one(1)], &[one(3)], &[one(8006)]];
const MEASURED: Groups = &[&[one(30)], &[hundreds(31)], &[hundreds(32)], &[hundreds(35)], &[hundreds(36)]];
const TRADE_ITEMS: Groups = &[&[one(1)], &[one(2)], &[one(8006)], &[one(8026)]];
const DEVICE: Groups = &[&[one(1), one(21), one(8040)]];
const COUPON: Groups = &[&[one(255)]];
const PAYMENT: Groups = &[&[one(8020)]];
const CERTIFIED: Groups = &[&[one(1)], &[one(8004)]];

/// All identifiers, in the order of their numbers.
pub(super) static TABLE: &[Row] = &[
    at(0).holds(&[n(18).obeys(Rule::CheckDigit)]).predefined().key(&[]),
    at(1)
        .holds(&[n(14).obeys(Rule::CheckDigit)])
        .predefined()
        .key(&[&[22, 10, 21], &[235]])
        .never_with(&[one(255), one(37)]),
    at(2)
        .holds(&[n(14).obeys(Rule::CheckDigit)])
        .predefined()
        .attribute()
        .needs(&[&[one(37)]])
        .never_with(&[one(1), one(3)]),
    at(3).holds(&[n(14).obeys(Rule::CheckDigit)]).predefined().never_with(&[one(1), one(2), one(37), one(235)]),
    at(10).holds(&[x_to(20)]).attribute().needs(ITEMS),
    at(11).holds(&[n(6).obeys(Rule::DayOrMonth)]).predefined().attribute().needs(ITEMS),
    at(12).holds(&[n(6).obeys(Rule::DayOrMonth)]).predefined().attribute().needs(PAYMENT),
    at(13).holds(&[n(6).obeys(Rule::DayOrMonth)]).predefined().attribute().needs(ITEMS),
    range(15, 16).holds(&[n(6).obeys(Rule::DayOrMonth)]).predefined().attribute().needs(ITEMS),
    at(17).holds(&[n(6).obeys(Rule::DayOrMonth)]).predefined().attribute().needs(&[
        &[one(1)],
        &[one(2)],
        &[one(3)],
        &[one(255)],
        &[one(8006)],
        &[one(8026)],
    ]),
    at(20).holds(&[n(2)]).predefined().attribute().needs(ITEMS),
    at(21).holds(&[x_to(20)]).needs(PIECES).never_with(&[one(235)]),
    at(22).holds(&[x_to(20)]).needs(GTIN),
    at(30).holds(&[n_to(8)]).attribute().needs(GTIN_OR_CONTENT),
    at(37).holds(&[n_to(8)]).attribute().needs(&[&[one(0), one(2)], &[one(0), one(8026)]]),
    at(90).holds(&[x_to(30)]).attribute(),
    range(91, 99).holds(&[x_to(90)]).attribute(),
    at(235).holds(&[x_to(28)]).needs(GTIN),
    range(240, 241).holds(&[x_to(30)]).attribute().needs(ITEMS),
    at(242).holds(&[n_to(6)]).attribute().needs(TRADE_ITEMS),
    at(243).holds(&[x_to(20)]).attribute().needs(&[&[one(1)], &[one(3)]]),
    at(250).holds(&[x_to(30)]).attribute().needs(&[&[one(1), one(21)], &[one(3), one(21)], &[one(8006), one(21)]]),
    at(251).holds(&[x_to(30)]).attribute().needs(PIECES),
    at(253).holds(&[n(13).obeys(Rule::CheckDigit), x_to(17).optional()]).key(&[]),
    at(254).holds(&[x_to(20)]).needs(&[&[one(414)]]),
    at(255).holds(&[n(13).obeys(Rule::CheckDigit), n_to(12).optional()]).key(&[]).never_with(&[
        one(1),
        one(2),
        one(415),
        one(8006),
        one(8020),
        one(8026),
    ]),
    at(400).holds(&[x_to(30)]).attribute(),
    at(401).holds(&[x_to(30).obeys(Rule::CompanyPrefix)]).key(&[]),
    at(402).holds(&[n(17).obeys(Rule::CheckDigit)]).key(&[]),
    at(403).holds(&[x_to(30)]).attribute().needs(SSCC),
    range(410, 413).holds(&[n(13).obeys(Rule::CheckDigit)]).predefined().attribute(),
    at(414).holds(&[n(13).obeys(Rule::CheckDigit)]).predefined().key(&[&[254], &[7040]]),
    at(415).holds(&[n(13).obeys(Rule::CheckDigit)]).predefined().key(&[&[8020]]).needs(PAYMENT),
    at(416).holds(&[n(13).obeys(Rule::CheckDigit)]).predefined().attribute(),
    at(417).holds(&[n(13).obeys(Rule::CheckDigit)]).predefined().key(&[&[7040]]),
    at(420).holds(&[x_to(20)]).attribute().never_with(&[one(421)]),
    at(421).holds(&[n(3), x_to(9)]).attribute().never_with(&[one(4307)]),
    at(422).holds(&[n(3)]).attribute().needs(ITEMS).never_with(&[one(426)]),
    at(423)
        .holds(&[n(3), n(3).optional(), n(3).optional(), n(3).optional(), n(3).optional()])
        .attribute()
        .needs(GTINS)
        .never_with(&[one(426)]),
    at(424).holds(&[n(3)]).attribute().needs(GTINS).never_with(&[one(426)]),
    at(425)
        .holds(&[n(3), n(3).optional(), n(3).optional(), n(3).optional(), n(3).optional()])
        .attribute()
        .needs(GTINS)
        .never_with(&[one(426)]),
    at(426).holds(&[n(3)]).attribute().needs(GTINS),
    at(427).holds(&[x_to(3)]).attribute().needs(&[&[one(1), one(422)], &[one(2), one(422)], &[one(3), one(422)]]),
    range(710, 717).holds(&[x_to(20)]).attribute().needs(GTIN),
    range(3100, 3165).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(GTIN_OR_CONTENT).one_of_ten(),
    range(3200, 3295).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(GTIN_OR_CONTENT).one_of_ten(),
    range(3300, 3365).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(SSCC_OR_GTIN).one_of_ten(),
    range(3370, 3375).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(GTIN).one_of_ten(),
    range(3400, 3495).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(SSCC_OR_GTIN).one_of_ten(),
    range(3500, 3525).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(GTIN_OR_CONTENT).one_of_ten(),
    range(3530, 3555).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(SSCC_OR_GTIN).one_of_ten(),
    range(3560, 3575).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(GTIN_OR_CONTENT).one_of_ten(),
    range(3600, 3615).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(GTIN_OR_CONTENT).one_of_ten(),
    range(3620, 3635).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(SSCC_OR_GTIN).one_of_ten(),
    range(3640, 3665).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(GTIN_OR_CONTENT).one_of_ten(),
    range(3670, 3695).digits_to(5).holds(&[n(6)]).predefined().attribute().needs(SSCC_OR_GTIN).one_of_ten(),
    range(3900, 3909)
        .holds(&[n_to(15)])
        .attribute()
        .needs(&[&[one(255)], &[one(8020)]])
        .never_with(&[tens(391), tens(394), one(8111)])
        .one_of_ten(),
    range(3910, 3919).holds(&[n(3), n_to(15)]).attribute().needs(PAYMENT).one_of_ten(),
    range(3920, 3929)
        .holds(&[n_to(15)])
        .attribute()
        .needs(&[
            &[one(1), one(30)],
            &[one(1), hundreds(31)],
            &[one(1), hundreds(32)],
            &[one(1), hundreds(35)],
            &[one(1), hundreds(36)],
        ])
        .never_with(&[tens(393)])
        .one_of_ten(),
    range(3930, 3939).holds(&[n(3), n_to(15)]).attribute().needs(MEASURED).one_of_ten(),
    range(3940, 3943).digits_to(3).holds(&[n(4)]).attribute().needs(COUPON).never_with(&[one(8111)]).one_of_ten(),
    range(3950, 3955)
        .digits_to(5)
        .holds(&[n(6)])
        .attribute()
        .needs(MEASURED)
        .never_with(&[tens(392), tens(393), one(8005)])
        .one_of_ten(),
    range(4300, 4301).holds(&[x_to(35).obeys(Rule::PercentEncoded)]).attribute().needs(SSCC),
    at(4302).holds(&[x_to(70).obeys(Rule::PercentEncoded)]).attribute().needs(SSCC),
    at(4303).holds(&[x_to(70).obeys(Rule::PercentEncoded)]).attribute().needs(&[&[one(4302)]]),
    range(4304, 4306).holds(&[x_to(70).obeys(Rule::PercentEncoded)]).attribute().needs(SSCC),
    at(4307).holds(&[x(2)]).attribute().needs(SSCC),
    at(4308).holds(&[x_to(30)]).attribute().needs(SSCC),
    at(4309).holds(&[n(10).obeys(Rule::Latitude), n(10).obeys(Rule::Longitude)]).attribute().needs(SSCC),
    range(4310, 4311).holds(&[x_to(35).obeys(Rule::PercentEncoded)]).attribute().needs(SSCC),
    at(4312).holds(&[x_to(70).obeys(Rule::PercentEncoded)]).attribute().needs(SSCC),
    at(4313).holds(&[x_to(70).obeys(Rule::PercentEncoded)]).attribute().needs(&[&[one(4312)]]),
    range(4314, 4316).holds(&[x_to(70).obeys(Rule::PercentEncoded)]).attribute().needs(SSCC),
    at(4317).holds(&[x(2)]).attribute().needs(SSCC),
    at(4318).holds(&[x_to(20)]).attribute().needs(SSCC),
    at(4319).holds(&[x_to(30)]).attribute().needs(SSCC),
    at(4320).holds(&[x_to(35).obeys(Rule::PercentEncoded)]).attribute().needs(SSCC),
    range(4321, 4323).holds(&[n(1).obeys(Rule::YesNo)]).attribute().needs(SSCC),
    range(4324, 4325).holds(&[n(6).obeys(Rule::DayOrMonth), n(4).obeys(Rule::HourMinute)]).attribute().needs(SSCC),
    at(4326).holds(&[n(6).obeys(Rule::Day)]).attribute().needs(SSCC),
    at(4330).holds(&[n(6), x(1).obeys(Rule::Hyphen).optional()]).attribute().needs(SSCC).never_with(&[one(4331)]),
    at(4331).holds(&[n(6), x(1).obeys(Rule::Hyphen).optional()]).attribute().needs(SSCC).never_with(&[one(4330)]),
    at(4332).holds(&[n(6), x(1).obeys(Rule::Hyphen).optional()]).attribute().needs(SSCC).never_with(&[one(4333)]),
    at(4333).holds(&[n(6), x(1).obeys(Rule::Hyphen).optional()]).attribute().needs(SSCC).never_with(&[one(4332)]),
    at(7001).holds(&[n(13)]).attribute().needs(TRADE_ITEMS),
    at(7002).holds(&[x_to(30)]).attribute().needs(GTIN_OR_CONTENT),
    at(7003).holds(&[n(6).obeys(Rule::Day), n(4).obeys(Rule::HourMinute)]).attribute().needs(GTINS),
    at(7004).holds(&[n_to(4)]).attribute().needs(&[&[one(1), one(10)], &[one(3), one(10)]]),
    at(7005).holds(&[x_to(12)]).attribute().needs(GTIN_OR_CONTENT),
    at(7006).holds(&[n(6).obeys(Rule::Day)]).attribute().needs(GTIN_OR_CONTENT),
    at(7007).holds(&[n(6).obeys(Rule::Day), n(6).obeys(Rule::Day).optional()]).attribute().needs(GTIN_OR_CONTENT),
    at(7008).holds(&[x_to(3)]).attribute().needs(GTIN_OR_CONTENT),
    at(7009).holds(&[x_to(10)]).attribute().needs(GTIN_OR_CONTENT),
    at(7010).holds(&[x_to(2)]).attribute().needs(GTINS),
    at(7011).holds(&[n(6).obeys(Rule::Day), n(4).obeys(Rule::HourMinute).optional()]).attribute().needs(GTINS),
    at(7020).holds(&[x_to(20)]).attribute().needs(&[&[one(1), one(416)], &[one(3), one(416)], &[one(8006), one(416)]]),
    at(7021).holds(&[x_to(20)]).attribute().needs(PIECES),
    at(7022).holds(&[x_to(20)]).attribute().needs(&[
        &[one(1), one(7021)],
        &[one(3), one(7021)],
        &[one(8006), one(7021)],
    ]),
    at(7023).holds(&[x_to(30).obeys(Rule::CompanyPrefix)]).attribute(),
    range(7030, 7039).holds(&[n(3), x_to(27)]).attribute().needs(GTIN_OR_CONTENT),
    at(7040).holds(&[n(1), x(1), x(1), x(1)]),
    at(7041).holds(&[x_to(4)]).needs(SSCC),
    range(7230, 7239).holds(&[x(2), x_to(28)]).attribute().needs(CERTIFIED),
    at(7240).holds(&[x_to(20)]).attribute().needs(&[&[one(1)], &[one(8006)]]).never_with(&[one(3)]),
    at(7241).holds(&[n(2).obeys(Rule::MediaType)]).attribute().needs(PERSONS),
    at(7242).holds(&[x_to(25)]).attribute().needs(PERSONS),
    at(7250).holds(&[n(8).obeys(Rule::FullDay)]).attribute().needs(RECIPIENT).never_with(&[one(7251)]),
    at(7251)
        .holds(&[n(8).obeys(Rule::FullDay), n(4).obeys(Rule::HourMinute)])
        .attribute()
        .needs(RECIPIENT)
        .never_with(&[one(7250)]),
    at(7252).holds(&[n(1).obeys(Rule::Sex)]).attribute().needs(RECIPIENT),
    range(7253, 7254)
        .holds(&[x_to(40).obeys(Rule::PercentEncoded)])
        .attribute()
        .needs(PERSONS)
        .never_with(&[one(7256), one(7259)]),
    at(7255).holds(&[x_to(10)]).attribute().needs(PERSONS).never_with(&[one(7256), one(7259)]),
    at(7256).holds(&[x_to(90).obeys(Rule::PercentEncoded)]).attribute().needs(PERSONS),
    at(7257).holds(&[x_to(70).obeys(Rule::PercentEncoded)]).attribute().needs(RECIPIENT),
    at(7258).holds(&[x(3).obeys(Rule::PositionInSequence)]).attribute().needs(&[&[one(8018), one(7259)]]),
    at(7259).holds(&[x_to(40).obeys(Rule::PercentEncoded)]).attribute().needs(RECIPIENT).never_with(&[one(7256)]),
    at(8001)
        .holds(&[
            n(4).obeys(Rule::NotZero),
            n(5).obeys(Rule::NotZero),
            n(3).obeys(Rule::NotZero),
            n(1).obeys(Rule::Winding),
            n(1),
        ])
        .attribute()
        .needs(GTIN),
    at(8002).holds(&[x_to(20)]).attribute(),
    at(8003).holds(&[n(1).obeys(Rule::Zero), n(13).obeys(Rule::CheckDigit), x_to(16).optional()]).key(&[]),
    at(8004).holds(&[x_to(30).obeys(Rule::CompanyPrefix)]).key(&[&[7040]]),
    at(8005).holds(&[n(6)]).attribute().needs(GTIN_OR_CONTENT),
    at(8006)
        .holds(&[n(14).obeys(Rule::CheckDigit), n(4).obeys(Rule::PieceOfTotal)])
        .key(&[&[22, 10, 21]])
        .never_with(&[one(1), one(3), one(37)]),
    at(8007).holds(&[x_to(34).obeys(Rule::Iban)]).attribute().needs(&[&[one(415)]]),
    at(8008)
        .holds(&[
            n(6).obeys(Rule::Day),
            n(2).obeys(Rule::Hour),
            n(2).obeys(Rule::Sixty).optional(),
            n(2).obeys(Rule::Sixty).optional(),
        ])
        .attribute()
        .needs(GTINS),
    at(8009).holds(&[x_to(50)]).attribute().needs(&[&[one(0)], &[one(1)], &[one(3)]]),
    at(8010).holds(&[y_to(30).obeys(Rule::CompanyPrefix)]).key(&[&[8011]]),
    at(8011).holds(&[n_to(12).obeys(Rule::NoLeadingZero)]).needs(&[&[one(8010)]]),
    at(8012).holds(&[x_to(20)]).attribute().needs(PIECES),
    at(8013).holds(&[x_to(25).obeys(Rule::CheckPair)]).key(&[]),
    at(8014).holds(&[x_to(25).obeys(Rule::CheckPairNotNumber)]).needs(GTIN),
    at(8017).holds(&[n(18).obeys(Rule::CheckDigit)]).key(&[&[8019]]).never_with(&[one(8018)]),
    at(8018).holds(&[n(18).obeys(Rule::CheckDigit)]).key(&[&[8019]]).never_with(&[one(8017)]),
    at(8019).holds(&[n_to(10)]).needs(PERSONS),
    at(8020).holds(&[x_to(25)]).needs(&[&[one(415)]]),
    at(8026)
        .holds(&[n(14).obeys(Rule::CheckDigit), n(4).obeys(Rule::PieceOfTotal)])
        .attribute()
        .needs(&[&[one(37)]])
        .never_with(&[one(2), one(3), one(8006)]),
    at(8030).holds(&[z_to(90)]).attribute().needs(&[
        &[one(0)],
        &[one(1), one(21)],
        &[one(3), one(21)],
        &[one(253)],
        &[one(255)],
        &[one(8003)],
        &[one(8004)],
        &[one(8006), one(21)],
        &[one(8010), one(8011)],
        &[one(8017)],
        &[one(8018)],
    ]),
    at(8040).holds(&[n(15)]).needs(&[&[one(1), one(21)]]),
    at(8041).holds(&[n(15)]).needs(DEVICE),
    at(8042).holds(&[n(32)]).needs(DEVICE),
    at(8043).holds(&[n(18), n_to(2).optional()]).needs(DEVICE),
    at(8110).holds(&[x_to(70)]).attribute(),
    at(8111).holds(&[n(4)]).attribute().needs(COUPON),
    at(8112).holds(&[x_to(70)]).attribute(),
    at(8200).holds(&[x_to(70)]).needs(GTIN),
];

const fn one(number: u16) -> Pattern {
    Pattern(number, number)
}

/// `310n`.
const fn tens(number: u16) -> Pattern {
    Pattern(number * 10, number * 10 + 9)
}

/// `31nn`.
const fn hundreds(number: u16) -> Pattern {
    Pattern(number * 100, number * 100 + 99)
}

const fn part(set: CharacterSet, length_min: usize, length_max: usize) -> Part {
    Part { set, length_min, length_max, presence: Presence::Required, rule: Rule::None }
}

/// So many digits.
const fn n(length: usize) -> Part {
    part(DIGITS, length, length)
}

/// One to so many digits.
const fn n_to(length_max: usize) -> Part {
    part(DIGITS, 1, length_max)
}

const fn x(length: usize) -> Part {
    part(CSET_82, length, length)
}

const fn x_to(length_max: usize) -> Part {
    part(CSET_82, 1, length_max)
}

const fn y_to(length_max: usize) -> Part {
    part(CSET_39, 1, length_max)
}

const fn z_to(length_max: usize) -> Part {
    part(CSET_64, 1, length_max)
}

impl Part {
    const fn obeys(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    const fn optional(mut self) -> Self {
        self.presence = Presence::Optional;
        self
    }
}

const fn at(number: u16) -> Row {
    range(number, number)
}

const fn range(first: u16, last: u16) -> Row {
    Row {
        first,
        last,
        last_digit_max: 9,
        separator: Separator::Needed,
        in_link: InLink::NotAttribute,
        parts: &[],
        requires: &[],
        excludes: &[],
        excludes_own_ten: false,
    }
}

impl Row {
    /// The last digit goes only so far in each ten: the decimal places of a measure.
    const fn digits_to(mut self, last_digit_max: u16) -> Self {
        self.last_digit_max = last_digit_max;
        self
    }

    const fn holds(mut self, parts: &'static [Part]) -> Self {
        self.parts = parts;
        self
    }

    const fn predefined(mut self) -> Self {
        self.separator = Separator::Predefined;
        self
    }

    const fn attribute(mut self) -> Self {
        self.in_link = InLink::Attribute;
        self
    }

    const fn key(mut self, qualifiers: &'static [&'static [u16]]) -> Self {
        self.in_link = InLink::Key(qualifiers);
        self
    }

    const fn needs(mut self, groups: Groups) -> Self {
        self.requires = groups;
        self
    }

    const fn never_with(mut self, patterns: &'static [Pattern]) -> Self {
        self.excludes = patterns;
        self
    }

    const fn one_of_ten(mut self) -> Self {
        self.excludes_own_ten = true;
        self
    }
}
