"""マンションすまい・る債: registration and change of an association's information (管理組合情報の登録・変更)."""
