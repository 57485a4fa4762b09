"""FHIR by an independent library, fhir.resources: `examples` writes resources that it made, one a line; `claims` reads what
claims are for, one a line, and writes them; `validate` reads resources, one a line, and says of each whether the library takes it. The release is the first argument, R4 or R5."""

import datetime
import importlib
import json
import sys

RELEASE = sys.argv[1]
PACKAGE = "fhir.resources.R4B" if RELEASE == "R4" else "fhir.resources"
PATIENT = "urn:veridose:patient"


def kind(name):
    return getattr(importlib.import_module(f"{PACKAGE}.{name.lower()}"), name)


def made(resource, /, **elements):
    """The resource as the library writes it, after it has checked it."""
    return json.loads(kind(resource)(**elements).json())


def coded(system, code, text=None):
    concept = {"coding": [{"system": system, "code": code, "display": text or code}]}
    return concept if text is None else concept | {"text": text}


def patients(count):
    for number in range(count):
        elements = {
            "active": True,
            "identifier": [{"use": "official", "system": PATIENT, "value": f"example-{number}"},
                           {"system": "http://hospital.example.org/mrn", "value": str(7000 + number)}],
            "name": [{"use": "official", "family": f"Family{number}", "given": ["Ann", "B."], "prefix": ["Dr."]}],
            "telecom": [{"system": "phone", "value": f"+1-555-01{number:02}", "rank": 1}],
            "gender": ["male", "female", "other", "unknown"][number % 4],
            "birthDate": (datetime.date(1930, 1, 31) + datetime.timedelta(days=997 * number)).isoformat(),
            "address": [{"line": ["1 Main St"], "city": "Boston", "state": "MA", "postalCode": "02134", "country": "US",
                         "period": {"start": "2001-02"}}],
            "maritalStatus": coded("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "M"),
            "contact": [{"relationship": [coded("http://terminology.hl7.org/CodeSystem/v2-0131", "N")],
                         "name": {"family": "Kin"}}],
            "communication": [{"language": coded("urn:ietf:bcp:47", "en"), "preferred": True}],
            "extension": [{"url": "http://example.org/fhir/height", "valueQuantity": {"value": 1.70, "unit": "m"}}],
        }
        if number % 3 == 0:
            elements["deceasedDateTime"] = "2024-05-06T07:08:09+02:00"
        if number % 3 == 1:
            elements["multipleBirthInteger"] = 2
        yield made("Patient", **elements)


def records(count):
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    for number in range(count):
        subject = {"identifier": {"system": PATIENT, "value": f"example-{number}"}}
        dosage = [{"sequence": 1, "text": "one daily", "asNeededBoolean": False,
                   "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "fri"],
                                         "boundsPeriod": {"start": "2026-01-01"}}},
                   "route": coded("http://snomed.info/sct", "26643006", "Oral"),
                   "doseAndRate": [{"doseQuantity": {"value": 0.5, "unit": "mg", "code": "mg",
                                                     "system": "http://unitsofmeasure.org"}}]}]
        yield made("MedicationRequest", status="active", intent="order", subject=subject, authoredOn="2026-01-02",
                   medicationCodeableConcept=coded(rxnorm, "617312", "atorvastatin 20 MG"), dosageInstruction=dosage,
                   requester={"display": "Dr. Who"}, note=[{"text": "with water", "authorString": "nurse"}],
                   dispenseRequest={"numberOfRepeatsAllowed": 3, "quantity": {"value": 30},
                                    "expectedSupplyDuration": {"value": 30, "unit": "d"}},
                   substitution={"allowedBoolean": True})
        yield made("MedicationDispense", status="completed", subject=subject, whenHandedOver="2026-01-03T10:11:12Z",
                   contained=[{"resourceType": "Medication", "id": "m1", "code": coded(rxnorm, "617312")}],
                   medicationReference={"reference": "#m1"}, quantity={"value": 30, "unit": "TAB"},
                   daysSupply={"value": 30}, performer=[{"actor": {"display": "Pharmacist"}}],
                   dosageInstruction=dosage, substitution={"wasSubstituted": False})
        laboratory = coded("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")
        yield made("Observation", status="final", category=[laboratory], subject=subject,
                   code=coded("http://loinc.org", "718-7", "Hemoglobin"), effectiveDateTime="2026-01-04",
                   valueQuantity={"value": 13.25, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
                   referenceRange=[{"low": {"value": 12}, "high": {"value": 16}}], issued="2026-01-04T09:00:00.123Z")
        genetics = coded("http://terminology.hl7.org/CodeSystem/v2-0074", "GE")
        yield made("Observation", status="amended", category=[laboratory, genetics], subject=subject,
                   code=coded("http://loinc.org", "69548-6", "Genetic variant"), valueCodeableConcept=coded("http://loinc.org", "LA9633-4"),
                   component=[{"code": coded("http://loinc.org", "48018-6"),
                               "valueCodeableConcept": coded("http://www.genenames.org", "HGNC:1100", "BRCA1")}])


def provision(classes, types, purpose, code):
    return {"period": {"start": "2026-01-01", "end": "2049-12-31"},
            "actor": [{"role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                       "reference": {"identifier": {"system": "urn:veridose:party", "value": "harbour-pharmacy"}}}],
            "action": [coded("http://terminology.hl7.org/CodeSystem/consentaction", "access")],
            "purpose": [{"system": purpose, "code": code}],
            classes: [{"system": types, "code": name} for name in ["MedicationRequest", "MedicationDispense", "Observation"]],
            "code": [coded("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory")]}


def consents(count):
    reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    purposes = [("urn:veridose:purpose", "care"), (reason, "TREAT"), ("urn:veridose:purpose", "study:NCT01234567"),
                (reason, "PUBHLTH"), ("urn:veridose:purpose", "model_training")]
    for number in range(count):
        purpose = purposes[number % len(purposes)]
        patient = {"identifier": {"system": PATIENT, "value": f"example-{number}"}}
        if RELEASE == "R4":
            yield made("Consent", status="active", patient=patient, dateTime="2026-01-01",
                       scope=coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
                       category=[coded("http://loinc.org", "59284-0")],
                       policyRule=coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
                       sourceAttachment={"title": "signed form", "contentType": "application/pdf"},
                       verification=[{"verified": True, "verificationDate": "2026-01-01"}],
                       provision={"type": "permit"} | provision("class", "http://hl7.org/fhir/resource-types", *purpose))
        else:
            yield made("Consent", status="active", subject=patient, date="2026-01-01", decision="permit",
                       category=[coded("http://loinc.org", "59284-0")], period={"start": "2026-01-01"},
                       verification=[{"verified": True, "verificationDate": ["2026-01-01"]}],
                       provision=[provision("resourceType", "http://hl7.org/fhir/fhir-types", *purpose)])


def claims():
    terminology = "http://terminology.hl7.org/CodeSystem"
    for line in sys.stdin:
        given = json.loads(line)
        member = lambda name: {"identifier": {"system": "urn:veridose:party", "value": name}}
        amount = {"value": given["amount"], "currency": "EUR"}
        print(json.dumps(made(
            "Claim", status="active", use="claim", type=coded(f"{terminology}/claim-type", "pharmacy"),
            patient={"identifier": {"system": PATIENT, "value": given["patient"]}}, created=given["created"],
            insurer=member(given["payer"]), provider=member(given["claimant"]),
            priority=coded(f"{terminology}/processpriority", "normal"),
            prescription={"reference": f"MedicationRequest/{given['prescription']}"},
            payee={"type": coded(f"{terminology}/payeetype", "provider")},
            supportingInfo=[{"sequence": 1, "category": coded(f"{terminology}/claiminformationcategory", "info"),
                             "valueReference": {"reference": f"MedicationDispense/{given['dispense']}"}}],
            diagnosis=[{"sequence": 1, "diagnosisCodeableConcept": coded("http://hl7.org/fhir/sid/icd-10", "E78.0")}],
            insurance=[{"sequence": 1, "focal": True, "coverage": {"identifier": {"value": "policy-17"}}}],
            item=[{"sequence": 1, "diagnosisSequence": [1], "informationSequence": [1], "servicedDate": given["created"],
                   "productOrService": coded("https://www.gs1.org/gtin", given["gtin"]),
                   "quantity": {"value": given["packs"]}, "net": amount}],
            total=amount)))


def examples(count):
    sources = [patients, records, consents] if RELEASE == "R4" else [consents]
    for source in sources:
        for resource in source(count):
            print(json.dumps(resource))


def validate():
    for line in sys.stdin:
        resource = json.loads(line)
        kind(resource["resourceType"])(**resource)
        print("ok", resource["resourceType"])


if sys.argv[2] == "examples":
    examples(int(sys.argv[3]))
elif sys.argv[2] == "claims":
    claims()
else:
    validate()
