"""The papers of the green loan by name, and where each is obtained."""

from __future__ import annotations

from enum import StrEnum


class Paper(StrEnum):
    """A kind of paper. The value is a part of slot keys and of stored data: it is never changed."""

    # Identity (GL-368, GL-373)
    DRIVING_LICENCE = "driving_licence"
    DRIVING_CAREER_CERTIFICATE = "driving_career_certificate"
    PASSPORT = "passport"
    MY_NUMBER_CARD = "my_number_card"
    RESIDENT_REGISTER_CARD = "resident_register_card"
    HEALTH_INSURANCE_CARD = "health_insurance_card"
    # House (GL-374)
    BUILDING_REGISTER = "building_register"
    # Income (GL-376 to GL-389)
    TAX_ASSESSMENT = "tax_assessment"
    TAX_PAYMENT_NOTICE = "tax_payment_notice"
    INCOME_SERVICE = "income_service"
    SPECIAL_COLLECTION_NOTICE = "special_collection_notice"
    OTHER_MUNICIPAL = "other_municipal"
    TAX_CERTIFICATE_INCOME = "tax_certificate_income"
    TAX_CERTIFICATE_TAX = "tax_certificate_tax"
    TAX_RETURN = "tax_return"
    RESIDENCE_TAX_CERTIFICATE = "residence_tax_certificate"
    OTHER_MUNICIPAL_TAX = "other_municipal_tax"
    SALARY_WITHHOLDING = "salary_withholding"
    PENSION_WITHHOLDING = "pension_withholding"
    PENSION_STATEMENT = "pension_statement"
    # Jobs (GL-404)
    SALARY_CERTIFICATE = "salary_certificate"
    PAY_SLIPS = "pay_slips"
    # Works (GL-393, GL-394, GL-418)
    WORKS_CONTRACT = "works_contract"
    WORKS_ORDER = "works_order"
    PURCHASE_CONTRACT = "purchase_contract"
    QUOTATION = "quotation"
    CONTRACT_BREAKDOWN = "contract_breakdown"
    # Certain people (GL-406 to GL-411)
    RESIDENCE_CARD = "residence_card"
    SPECIAL_PERMANENT_RESIDENT = "special_permanent_resident"
    ALIEN_REGISTRATION = "alien_registration"
    RESIDENT_RECORD = "resident_record"
    RESIDENCE_DECLARATION = "residence_declaration"
    FAMILY_REGISTER = "family_register"
    PARTNERSHIP_CERTIFICATE = "partnership_certificate"
    NOTARIAL_DEED = "notarial_deed"
    # Danshin (GL-401)
    HEALTH_CERTIFICATE = "health_certificate"
    # Inspection body (GL-440 to GL-449, GL-461 to GL-467)
    CONFORMITY_APPLICATION = "conformity_application"
    BUILDING_REGISTER_COPY = "building_register_copy"
    ANNEX_1 = "annex_1"
    ANNEX_2 = "annex_2"
    SUBSIDY_APPLICATION = "subsidy_application"
    OPENINGS_DATA = "openings_data"
    INSULATION_DATA = "insulation_data"
    INSULATION_QUANTITY_DATA = "insulation_quantity_data"
    DESIGN_DOCUMENTS = "design_documents"
    EQUIPMENT_DATA = "equipment_data"
    COMPARTMENT_PLAN = "compartment_plan"
    COMPLETION_REPORT = "completion_report"
    PHOTOGRAPHS = "photographs"
    INSPECTION_CERTIFICATE = "inspection_certificate"
    # Institution (GL-472 to GL-476)
    CONFORMITY_CERTIFICATE = "conformity_certificate"
    WORKS_CONTRACT_COPY = "works_contract_copy"
    WORKS_CONFIRMATION = "works_confirmation"
    INVOICE_COPY = "invoice_copy"
    WORKS_ORDER_COPY = "works_order_copy"
    PURCHASE_CONTRACT_COPY = "purchase_contract_copy"
    QUOTATION_COPY = "quotation_copy"


APPLICANT = "申込人"
LEGAL_AFFAIRS = "法務局"
MUNICIPALITY = "市区町村"
EMPLOYER = "勤務先"
TAX_OFFICE = "税務署"
JHF_SITE = "機構ホームページ"
CONTRACTOR = "工事請負業者"
INSPECTION_BODY = "適合証明検査機関"
INSTITUTION = "取扱金融機関"
INCOME_SERVICE = "収入情報取得サービス"
PENSION_PAYER = "年金の支払者"
NOTARY = "公証役場"
APPLICANT_OR_CONTRACTOR = "申込本人または工事請負業者"

# Name as the applicant reads it, and where the paper is obtained (入手先).
_NAMES: dict[Paper, tuple[str, str]] = {
    Paper.DRIVING_LICENCE: ("運転免許証", APPLICANT),
    Paper.DRIVING_CAREER_CERTIFICATE: ("運転経歴証明書(平成24年4月1日以後に発行されたもの)", APPLICANT),
    Paper.PASSPORT: ("パスポート(住所が記載され、令和2年2月3日までに申請したもの)", APPLICANT),
    Paper.MY_NUMBER_CARD: ("マイナンバーカード(表面のみ)", APPLICANT),
    Paper.RESIDENT_REGISTER_CARD: ("住民基本台帳カード(氏名・住所・生年月日が記載されたもの)", APPLICANT),
    Paper.HEALTH_INSURANCE_CARD: ("健康保険証(保険者番号、記号・番号、二次元コードを黒塗りしたもの)", APPLICANT),
    Paper.BUILDING_REGISTER: ("建物の登記事項証明書(全部事項証明書)", LEGAL_AFFAIRS),
    Paper.TAX_ASSESSMENT: ("住民税課税証明書", MUNICIPALITY),
    Paper.TAX_PAYMENT_NOTICE: ("住民税納税通知書", MUNICIPALITY),
    Paper.INCOME_SERVICE: ("収入情報取得サービスより取得した収入証明書", INCOME_SERVICE),
    Paper.SPECIAL_COLLECTION_NOTICE: ("特別徴収税額の通知書(支払給与の総額の記載があるもの)", EMPLOYER),
    Paper.OTHER_MUNICIPAL: ("市区町村が発行したその他の証明書(収入または所得)", MUNICIPALITY),
    Paper.TAX_CERTIFICATE_INCOME: ("納税証明書(その2・所得金額用)", TAX_OFFICE),
    Paper.TAX_CERTIFICATE_TAX: ("納税証明書(その1・納税額用)", TAX_OFFICE),
    Paper.TAX_RETURN: ("確定申告書(写)", APPLICANT),
    Paper.RESIDENCE_TAX_CERTIFICATE: ("住民税納税証明書(納税額の記載があるもの)", MUNICIPALITY),
    Paper.OTHER_MUNICIPAL_TAX: ("市区町村が発行したその他の証明書(納税額)", MUNICIPALITY),
    Paper.SALARY_WITHHOLDING: ("給与所得の源泉徴収票", EMPLOYER),
    Paper.PENSION_WITHHOLDING: ("公的年金等の源泉徴収票", PENSION_PAYER),
    Paper.PENSION_STATEMENT: ("年金の種類と受給額が確認できるその他の書類", PENSION_PAYER),
    Paper.SALARY_CERTIFICATE: ("給与証明書(参考書式第4の1の1号)", EMPLOYER),
    Paper.PAY_SLIPS: ("給与明細書(割戻対象期間の全期間分)", APPLICANT),
    Paper.WORKS_CONTRACT: ("工事請負契約書(内訳書を添付したもの)", APPLICANT),
    Paper.WORKS_ORDER: ("工事発注書", APPLICANT),
    Paper.PURCHASE_CONTRACT: ("購入契約書", APPLICANT),
    Paper.QUOTATION: ("見積書", APPLICANT),
    Paper.CONTRACT_BREAKDOWN: ("工事請負契約書に添付された内訳書(写)", APPLICANT),
    Paper.RESIDENCE_CARD: ("在留カード", APPLICANT),
    Paper.SPECIAL_PERMANENT_RESIDENT: ("特別永住者証明書", APPLICANT),
    Paper.ALIEN_REGISTRATION: ("外国人登録証明書(在留資格が記載されたもの)", APPLICANT),
    Paper.RESIDENT_RECORD: ("住民票", MUNICIPALITY),
    Paper.RESIDENCE_DECLARATION: ("親族居住に関する申出書(グリーンリフォームローン用)(第13号)", JHF_SITE),
    Paper.FAMILY_REGISTER: ("戸籍抄本", MUNICIPALITY),
    Paper.PARTNERSHIP_CERTIFICATE: ("パートナーシップ証明書、宣誓書受領証またはこれに準ずる書類", MUNICIPALITY),
    Paper.NOTARIAL_DEED: ("合意契約に係る公正証書の正本または謄本", NOTARY),
    Paper.HEALTH_CERTIFICATE: ("健康診断結果証明書", JHF_SITE),
    Paper.CONFORMITY_APPLICATION: ("住宅改良工事適合証明申請書(第一面〜第二面)", JHF_SITE),
    Paper.BUILDING_REGISTER_COPY: ("建物の登記事項証明書(写)", LEGAL_AFFAIRS),
    Paper.ANNEX_1: ("住宅改良工事適合証明申請書 別紙1", JHF_SITE),
    Paper.ANNEX_2: ("住宅改良工事適合証明申請書 別紙2", JHF_SITE),
    Paper.SUBSIDY_APPLICATION: ("国等の補助事業の申請書(性能値等がわかるもの)", APPLICANT),
    Paper.OPENINGS_DATA: ("開口部または付属部材等の仕様がわかる資料(製品カタログ等)", APPLICANT_OR_CONTRACTOR),
    Paper.INSULATION_DATA: (
        "断熱材の熱抵抗値、熱貫流率または熱伝導率(熱伝導率の場合は厚さも)がわかる資料(製品カタログ等)",
        APPLICANT_OR_CONTRACTOR,
    ),
    Paper.INSULATION_QUANTITY_DATA: (
        "断熱材の熱伝導率と使用量(立方メートル)がわかる資料(製品カタログ、設計図面等)",
        APPLICANT_OR_CONTRACTOR,
    ),
    Paper.DESIGN_DOCUMENTS: ("設計図書、計算書等", APPLICANT_OR_CONTRACTOR),
    Paper.EQUIPMENT_DATA: ("設備の性能がわかる資料(製品カタログ等)", APPLICANT_OR_CONTRACTOR),
    Paper.COMPARTMENT_PLAN: ("設定した一区画がわかる資料(平面図等)", APPLICANT_OR_CONTRACTOR),
    Paper.COMPLETION_REPORT: ("住宅改良工事完了報告書", JHF_SITE),
    Paper.PHOTOGRAPHS: ("工事箇所の写真", CONTRACTOR),
    Paper.INSPECTION_CERTIFICATE: ("検査済証(写)", APPLICANT),
    Paper.CONFORMITY_CERTIFICATE: ("住宅改良工事適合証明書(金融機関提出用)", INSPECTION_BODY),
    Paper.WORKS_CONTRACT_COPY: ("工事請負契約書(写)", APPLICANT),
    Paper.WORKS_CONFIRMATION: ("住宅改良工事確認書", INSTITUTION),
    Paper.INVOICE_COPY: ("工事費のわかる工事代金請求書(写)", APPLICANT),
    Paper.WORKS_ORDER_COPY: ("工事発注書(写)", APPLICANT),
    Paper.PURCHASE_CONTRACT_COPY: ("購入契約書(写)", APPLICANT),
    Paper.QUOTATION_COPY: ("見積書(写)", APPLICANT),
}


def name_of(paper: Paper) -> str:
    """The paper's name as the applicant reads it."""
    return _NAMES[paper][0]


def issuer_of(paper: Paper) -> str:
    """Where the paper is obtained (入手先; GL-366, GL-378, GL-379)."""
    return _NAMES[paper][1]
